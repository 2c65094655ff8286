-- Everything of a document the server has taken, in the order it came here: what others made, and what it took of ours.
SELECT hash FROM changes
WHERE document = :document AND generation = :generation AND body IS NOT NULL AND head IS NOT NULL
  AND (origin <> 'local' OR server_seq IS NOT NULL OR was_at_server = 1)
ORDER BY position;
