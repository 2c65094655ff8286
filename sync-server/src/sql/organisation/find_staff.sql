SELECT id, unit, scope, role, name, since_ms FROM staff
WHERE unit = :unit AND role = :role AND name = :name;
