-- A document that is not here yet is begun in the tray; what follows it there has its kind.
SELECT r.hash, r.head_hash, r.document, r.generation,
       coalesce(d.kind, r.kind, (SELECT max(b.kind) FROM reviews AS b WHERE b.document = r.document), 'child'),
       r.device, s.id, s.name, u.name, r.at_ms, r.body, r.state, r.reason,
       coalesce(d.scope, r.scope), k.wrapped, r.cause
FROM reviews AS r
LEFT JOIN documents AS d ON d.id = r.document
JOIN document_keys AS k ON k.document = r.document AND k.generation = r.generation
JOIN devices AS e ON e.id = r.device
JOIN staff AS s ON s.id = e.staff
JOIN units AS u ON u.id = s.unit
WHERE coalesce(d.scope, r.scope) = :scope OR r.scope = :scope
ORDER BY r.state = 'waiting' DESC, r.id
LIMIT 500;
