SELECT number, hash, at_ms, staff, action, object, detail FROM device_audit
WHERE device = :device AND incarnation = :incarnation
ORDER BY number, hash;
