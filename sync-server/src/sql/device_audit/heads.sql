SELECT number, hash, signature FROM device_audit_heads
WHERE device = :device AND incarnation = :incarnation
ORDER BY number, hash;
