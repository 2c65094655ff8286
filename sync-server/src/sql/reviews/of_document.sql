SELECT r.id, r.hash, r.head_hash, r.generation, r.device, r.scope, r.body, k.wrapped
FROM reviews AS r
LEFT JOIN document_keys AS k ON k.document = r.document AND k.generation = r.generation
WHERE r.document = :document AND r.state <> 'taken'
ORDER BY r.id;
