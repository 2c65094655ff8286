INSERT INTO staff (id, unit, scope, role, name, since_ms) VALUES (:id, :unit, :scope, :role, :name, :since_ms);
