SELECT h.id, h.document, h.generation, h.head_hash, h.body, k.wrapped
FROM held AS h
LEFT JOIN document_keys AS k ON k.document = h.document AND k.generation = h.generation
ORDER BY h.id;
