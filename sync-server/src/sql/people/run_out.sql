SELECT g.id, g.staff, g.from_ms, g.until_ms, g.ended_ms, g.end_reason, g.words, g.vetted_on, g.vetting, g.vetted_by, s.unit, s.scope, s.role, s.name
FROM grants AS g
JOIN staff AS s ON s.id = g.staff
WHERE s.scope = :scope AND g.ended_ms IS NULL AND g.until_ms <= :now_ms
ORDER BY g.until_ms, g.id;
