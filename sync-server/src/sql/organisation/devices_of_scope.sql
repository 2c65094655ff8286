SELECT d.id, d.staff, d.public_key, d.file_first, d.file_last, d.enrolled_ms, d.seen_ms, d.revoked_ms,
       s.name, s.role, s.unit, s.scope, u.name, u.region, d.revoked_why, d.unsent, d.certified_ms
FROM devices AS d
JOIN staff AS s ON s.id = d.staff
JOIN units AS u ON u.id = s.unit
WHERE s.scope = :scope
ORDER BY d.enrolled_ms, d.file_first;
