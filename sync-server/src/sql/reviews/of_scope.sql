-- A document that is not here yet is begun in the tray; what follows it there has its kind. What waits comes first, the
-- oldest before; then what was decided, the newest before. A row that lost its key, its device or its author is there all
-- the same, or nobody would know of it.
SELECT r.hash, r.head_hash, r.document, r.generation,
       coalesce(d.kind, r.kind, (SELECT max(b.kind) FROM reviews AS b WHERE b.document = r.document), 'child'),
       r.device, s.id, coalesce(s.name, ''), coalesce(u.name, ''), r.at_ms, r.body, r.state, r.reason,
       coalesce(d.scope, r.scope), k.wrapped, r.cause, r.id,
       r.state <> 'waiting'
FROM reviews AS r
LEFT JOIN documents AS d ON d.id = r.document
LEFT JOIN document_keys AS k ON k.document = r.document AND k.generation = r.generation
LEFT JOIN devices AS e ON e.id = r.device
LEFT JOIN staff AS s ON s.id = e.staff
LEFT JOIN units AS u ON u.id = s.unit
WHERE (coalesce(d.scope, r.scope) = :scope OR r.scope = :scope)
  AND (r.state <> 'waiting', CASE WHEN r.state = 'waiting' THEN r.id ELSE -r.id END) > (:decided, :place)
ORDER BY r.state <> 'waiting', CASE WHEN r.state = 'waiting' THEN r.id ELSE -r.id END
LIMIT :most;
