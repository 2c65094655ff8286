-- What need not be kept once a child's file need not: what its hold covered, wherever that lives by now, but for what the hold
-- of another child covers or a file that was said to be kept itself. A file that was never said to be kept itself and is covered
-- by this hold keeps nothing: it is freed with it. A document nobody's hold is known to cover – held before that was written
-- down, or by an order that came back alone – goes with the last such hold of the township.
SELECT h.document, d.scope
FROM holds AS h JOIN documents AS d ON d.id = h.document
WHERE h.held
  AND (h.document IN (SELECT document FROM hold_covers WHERE child = :child)
       OR (d.scope = :scope AND d.kind <> 'child'
           AND NOT EXISTS (SELECT 1 FROM holds AS o JOIN documents AS f ON f.id = o.document
                           WHERE o.held AND f.scope = :scope AND f.kind = 'child' AND o.document <> :child
                             AND NOT EXISTS (SELECT 1 FROM hold_covers AS c
                                             WHERE c.child = o.document OR c.document = o.document))))
  AND (h.document = :child OR d.kind <> 'child' OR h.sealed IS NULL)
  AND NOT EXISTS (SELECT 1 FROM hold_covers AS c JOIN holds AS o ON o.document = c.child
                  WHERE c.document = h.document AND c.child <> :child AND o.held
                    AND (o.sealed IS NOT NULL
                         OR NOT EXISTS (SELECT 1 FROM hold_covers AS b
                                        WHERE b.child = :child AND b.document = c.child)))
ORDER BY d.rank, h.document;
