SELECT 1 FROM device_audit
WHERE device = :station AND handed_over = 0 AND action = :action AND object = :object AND detail = :detail;
