-- The server has something of this document, or had it before it was set back.
SELECT 1 FROM changes
WHERE document = :document AND (origin <> 'local' OR state IN ('accepted', 'durable') OR was_at_server = 1) LIMIT 1;
