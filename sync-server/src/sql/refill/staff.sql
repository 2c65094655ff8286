SELECT id, unit, scope, role, name, since_ms FROM staff WHERE id = :id;
