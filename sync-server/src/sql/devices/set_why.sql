UPDATE devices SET revoked_why = :why WHERE id = :device AND revoked_ms IS NULL;
