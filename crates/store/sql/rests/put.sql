INSERT INTO rests (document, family) VALUES (:document, :family) ON CONFLICT (document) DO NOTHING;
