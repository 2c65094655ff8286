INSERT INTO enrolments (id, unit, role, person, locator, secrets, created_ms, expires_ms, state)
VALUES (:id, :unit, :role, :person, :locator, :secrets, :created_ms, :expires_ms, 'waiting');
