SELECT c.id, c.scope, c.unit, c.delegate, c.absent, c.from_ms, c.until_ms, c.state, c.seq,
       coalesce(u.name, ''), coalesce(d.name, ''), coalesce(a.name, '')
FROM covers AS c
LEFT JOIN units AS u ON u.id = c.unit
LEFT JOIN staff AS d ON d.id = c.delegate
LEFT JOIN staff AS a ON a.id = c.absent
WHERE c.scope = :scope
ORDER BY c.from_ms DESC, c.id
LIMIT 200;
