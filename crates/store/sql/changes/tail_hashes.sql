SELECT changes.hash
FROM changes JOIN documents USING (document, generation)
WHERE changes.document = :document AND changes.in_body = 0 AND changes.beside = 0 AND changes.body IS NOT NULL
ORDER BY changes.position;
