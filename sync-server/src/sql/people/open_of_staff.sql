SELECT g.id, g.staff, g.from_ms, g.until_ms, g.ended_ms, g.end_reason, g.words, g.vetted_on, g.vetting, g.vetted_by, s.unit, s.scope, s.role, s.name
FROM grants AS g
JOIN staff AS s ON s.id = g.staff
WHERE g.staff = :staff AND g.ended_ms IS NULL;
