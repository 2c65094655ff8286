SELECT count(*) FROM device_audit WHERE device = :device AND handed_over = 1;
