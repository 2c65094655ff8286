INSERT INTO wipes (device, number, ordered_ms) VALUES (:device, :number, :ordered_ms) ON CONFLICT (device) DO NOTHING;
