SELECT c.id, c.document, c.generation, c.hash, c.device, c.body, k.wrapped, c.segment
FROM changes AS c
JOIN document_keys AS k ON k.document = c.document AND k.generation = c.generation
ORDER BY c.id;
