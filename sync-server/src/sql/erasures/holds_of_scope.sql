-- A file that is told in another one is kept with that one, and is no line of its own.
SELECT h.document, h.sealed, h.staff, h.at_ms
FROM holds AS h JOIN documents AS d ON d.id = h.document
WHERE d.scope = :scope AND h.held AND d.kind = 'child'
  AND (h.sealed IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM hold_covers AS c JOIN holds AS o ON o.document = c.child
                      WHERE c.document = h.document AND c.child <> h.document AND o.held))
ORDER BY h.at_ms DESC, h.document;
