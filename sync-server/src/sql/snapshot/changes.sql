-- A number belongs to the scope it was given in, which a document that moved has left.
SELECT hash, body,
       CASE WHEN NOT EXISTS (SELECT 1 FROM document_homes WHERE document = :document)
              OR EXISTS (SELECT 1 FROM log AS l WHERE l.scope = :scope AND l.seq = c.seq AND l.change_id = c.id)
            THEN seq ELSE 0 END,
       at_ms, segment
FROM changes AS c
WHERE document = :document AND generation = :generation AND seq > 0
ORDER BY id;
