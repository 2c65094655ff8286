SELECT s.rowid, s.document, s.generation, s.head_hash, s.body, k.wrapped, s.hash, s.device
FROM set_aside AS s
LEFT JOIN document_keys AS k ON k.document = s.document AND k.generation = s.generation
ORDER BY s.rowid;
