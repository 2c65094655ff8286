SELECT 1 FROM device_audit
WHERE device = :device AND incarnation = :incarnation AND number = :number AND hash = :hash;
