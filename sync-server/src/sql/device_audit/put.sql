INSERT INTO device_audit (device, incarnation, number, hash, at_ms, staff, action, object, detail, received_ms)
VALUES (:device, :incarnation, :number, :hash, :at_ms, :staff, :action, :object, :detail, :received_ms)
ON CONFLICT (device, incarnation, number, hash) DO NOTHING;
