INSERT INTO staff (id, unit, scope, role, name, since_ms, person)
VALUES (:id, :unit, :scope, :role, :name, :since_ms, :person);
