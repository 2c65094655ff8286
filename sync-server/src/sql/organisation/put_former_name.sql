INSERT INTO unit_names (unit, until_ms, name, region) VALUES (:unit, :until_ms, :name, :region)
ON CONFLICT (unit, until_ms) DO NOTHING;
