-- Everything of a document that was at the server once: what others made, and what was acknowledged of ours.
SELECT hash FROM changes
WHERE document = :document AND generation = :generation AND body IS NOT NULL AND head IS NOT NULL
  AND (origin <> 'local' OR was_at_server = 1)
ORDER BY position;
