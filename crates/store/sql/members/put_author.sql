INSERT OR REPLACE INTO authors (actor, device, staff, name, role, unit, valid_from_ms, valid_until_ms)
VALUES (:actor, :device, :staff, :name, :role, :unit, :valid_from_ms, :valid_until_ms);
