SELECT h.document, h.sealed, h.staff, h.at_ms
FROM holds AS h JOIN documents AS d ON d.id = h.document
WHERE d.scope = :scope AND h.held AND d.kind = 'child'
ORDER BY h.at_ms DESC, h.document;
