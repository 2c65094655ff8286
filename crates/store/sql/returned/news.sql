-- Something of the document came from elsewhere, or the server has taken something of it that was made here.
SELECT coalesce(max(position), 0) AS news FROM changes
WHERE document = :document AND (origin <> 'local' OR state IN ('accepted', 'durable'));
