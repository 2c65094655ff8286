SELECT 1 FROM device_audit
WHERE device = :station AND action = :action AND object = :object AND detail = :detail;
