UPDATE devices SET revoked_ms = coalesce(revoked_ms, :at_ms) WHERE device = :device;
