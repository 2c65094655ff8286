SELECT d.id, coalesce(max(w.epoch), 0)
FROM staff AS s
JOIN devices AS d ON d.staff = s.id
LEFT JOIN unit_key_wraps AS w ON w.scope = s.scope AND w.device = d.id
WHERE s.scope = :scope AND s.unit = :scope AND d.revoked_ms IS NULL
GROUP BY d.id
ORDER BY d.id;
