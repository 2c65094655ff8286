-- What a person put away after it was refused waits for nobody any more.
SELECT count(*) AS waiting FROM changes
WHERE origin = 'local' AND state <> 'durable' AND body IS NOT NULL AND replaced_by IS NULL AND put_away_ms IS NULL;
