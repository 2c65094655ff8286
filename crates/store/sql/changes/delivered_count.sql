SELECT count(*) AS delivered FROM (
  SELECT record_id FROM changes
  WHERE origin = 'local' AND record_id IS NOT NULL AND replaced_by IS NULL AND put_away_ms IS NULL
  GROUP BY record_id HAVING sum(state <> 'durable') = 0
);
