SELECT s.id, s.unit, s.scope, s.role, s.name, s.since_ms, g.from_ms, g.until_ms, g.ended_ms, s.person
FROM staff AS s
LEFT JOIN grants AS g ON g.id = (SELECT id FROM grants WHERE staff = s.id ORDER BY ended_ms IS NULL DESC, ended_ms DESC, from_ms DESC, id LIMIT 1)
WHERE s.id = :id;
