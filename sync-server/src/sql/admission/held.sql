SELECT h.head_hash, h.generation, h.body, k.wrapped
FROM held AS h
JOIN document_keys AS k ON k.document = h.document AND k.generation = h.generation
WHERE h.document = :document
ORDER BY h.id;
