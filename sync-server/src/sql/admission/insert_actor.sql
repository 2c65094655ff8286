INSERT INTO actors (document, actor, device) VALUES (:document, :actor, :device)
ON CONFLICT (document, actor) DO NOTHING;
