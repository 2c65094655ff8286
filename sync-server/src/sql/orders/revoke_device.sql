UPDATE devices SET revoked_ms = :at_ms WHERE id = :device AND revoked_ms IS NULL;
