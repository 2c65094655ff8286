INSERT INTO dictionaries (id, bytes) VALUES (:id, :bytes) ON CONFLICT (id) DO NOTHING;
