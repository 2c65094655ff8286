INSERT INTO moves (id, from_scope, to_scope, to_unit, sealed, offered_by, offered_ms, expires_ms, state)
VALUES (:id, :from_scope, :to_scope, :to_unit, :sealed, :offered_by, :offered_ms, :expires_ms, 'offered');
