SELECT d.id, d.staff, d.public_key, d.file_first, d.file_last, d.enrolled_ms, d.seen_ms, d.revoked_ms,
       s.name, s.role, s.unit, s.scope, u.name, u.region, d.revoked_why, d.unsent, d.certified_ms,
       g.from_ms, g.until_ms, c.unit, c.until_ms, s.person
FROM devices AS d
JOIN staff AS s ON s.id = d.staff
JOIN units AS u ON u.id = s.unit
LEFT JOIN grants AS g ON g.staff = s.id AND g.ended_ms IS NULL
LEFT JOIN covers AS c ON c.delegate = s.id AND c.state = 'running'
WHERE d.id = :id;
