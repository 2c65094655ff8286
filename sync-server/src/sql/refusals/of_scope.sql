SELECT r.device, s.id, s.name, u.name, r.kind, r.code, count(*), max(r.at_ms) AS last_ms
FROM refusals AS r
JOIN devices AS d ON d.id = r.device
JOIN staff AS s ON s.id = d.staff
JOIN units AS u ON u.id = s.unit
WHERE s.scope = :scope
GROUP BY r.device, r.kind, r.code
ORDER BY last_ms DESC, r.device, r.kind, r.code
LIMIT :most;
