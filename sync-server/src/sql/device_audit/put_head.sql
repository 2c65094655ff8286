INSERT INTO device_audit_heads (device, incarnation, number, hash, signature)
VALUES (:device, :incarnation, :number, :hash, :signature)
ON CONFLICT (device, incarnation, number, hash) DO NOTHING;
