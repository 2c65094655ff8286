INSERT OR REPLACE INTO devices (device, staff, unit, label, key, enrolled_ms, seen_ms, revoked_ms)
VALUES (:device, :staff, :unit, :label, :key, :enrolled_ms, :seen_ms, :revoked_ms);
