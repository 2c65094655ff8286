SELECT hash, body FROM changes
WHERE document = :document AND beside = 1 AND replaced_by IS NULL AND put_away_ms IS NULL AND body IS NOT NULL
ORDER BY position;
