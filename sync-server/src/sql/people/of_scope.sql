SELECT g.id, g.staff, g.from_ms, g.until_ms, g.ended_ms, g.end_reason, g.words, g.vetted_on, g.vetting, g.vetted_by, s.unit, s.scope, s.role, s.name, u.name, v.name,
       (SELECT count(*) FROM devices AS d WHERE d.staff = s.id AND d.revoked_ms IS NULL)
FROM staff AS s
JOIN units AS u ON u.id = s.unit
JOIN grants AS g ON g.id = (SELECT id FROM grants WHERE staff = s.id ORDER BY ended_ms IS NULL DESC, ended_ms DESC, from_ms DESC, id LIMIT 1)
LEFT JOIN staff AS v ON v.id = g.vetted_by
WHERE s.scope = :scope
ORDER BY u.level, u.region, g.from_ms, s.id;
