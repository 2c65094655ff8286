SELECT r.id, r.document, r.generation, r.head_hash, r.body, k.wrapped, r.hash, r.device, r.scope, r.reason
FROM reviews AS r
LEFT JOIN document_keys AS k ON k.document = r.document AND k.generation = r.generation
ORDER BY r.id;
