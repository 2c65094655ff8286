SELECT id, next_ca FROM devices WHERE revoked_ms IS NULL ORDER BY id;
