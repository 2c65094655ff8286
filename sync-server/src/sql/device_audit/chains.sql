SELECT DISTINCT device, incarnation FROM device_audit ORDER BY device, incarnation;
