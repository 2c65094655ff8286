SELECT id, unit, scope, role, name, since_ms FROM staff
WHERE scope = :scope
ORDER BY since_ms, id;
