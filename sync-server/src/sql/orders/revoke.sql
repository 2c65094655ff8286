INSERT INTO revoked (device, at_ms) VALUES (:device, :at_ms) ON CONFLICT (device) DO NOTHING;
