SELECT s.id, s.changes, k.wrapped IS NOT NULL
FROM segments AS s
LEFT JOIN document_keys AS k ON k.document = s.document AND k.generation = s.generation
ORDER BY s.id;
