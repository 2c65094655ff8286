SELECT number, hash FROM device_audit
WHERE device = :device AND incarnation = :incarnation
ORDER BY number DESC, hash LIMIT 1;
