SELECT hash FROM changes
WHERE document = :document AND generation <= :generation AND origin = 'local' AND body IS NOT NULL
  AND replaced_by IS NULL AND put_away_ms IS NULL
ORDER BY position;
