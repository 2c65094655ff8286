UPDATE changes SET state = 'saved', refusal = NULL, kept_reason = NULL
WHERE origin = 'local' AND scope = :scope AND state IN ('held', 'refused') AND body IS NOT NULL AND replaced_by IS NULL
  AND put_away_ms IS NULL;
