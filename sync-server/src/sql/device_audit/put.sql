INSERT INTO device_audit (device, incarnation, number, hash, at_ms, staff, action, object, detail, received_ms, handed_over)
VALUES (:device, :incarnation, :number, :hash, :at_ms, :staff, :action, :object, :detail, :received_ms, :handed_over)
ON CONFLICT (device, incarnation, number, hash) DO NOTHING;
