SELECT r.hash, r.head_hash, r.document, r.generation, d.kind, r.device, s.id, s.name, u.name, r.at_ms, r.body, r.state, r.reason,
       d.scope, k.wrapped
FROM reviews AS r
JOIN documents AS d ON d.id = r.document
JOIN document_keys AS k ON k.document = r.document AND k.generation = r.generation
JOIN devices AS e ON e.id = r.device
JOIN staff AS s ON s.id = e.staff
JOIN units AS u ON u.id = s.unit
WHERE d.scope = :scope OR r.scope = :scope
ORDER BY r.id
LIMIT 500;
