-- A number belongs to the scope it was given in, which a document that moved has left.
SELECT c.hash, coalesce(b.body, x''),
       CASE WHEN NOT EXISTS (SELECT 1 FROM document_homes WHERE document = :document)
              OR EXISTS (SELECT 1 FROM log AS l WHERE l.scope = :scope AND l.seq = c.seq AND l.change_id = c.id)
            THEN c.seq ELSE 0 END,
       c.at_ms, c.segment
FROM actors AS a
JOIN changes AS c ON c.actor_id = a.id
LEFT JOIN bodies AS b ON b.change_id = c.id
WHERE a.document = :document AND c.generation = :generation AND c.seq > 0
ORDER BY c.id;
