INSERT INTO quarantine (hash, document, generation, body, head, signature, reason, at_ms, app, kind, home_unit, server_seq)
VALUES (:hash, :document, :generation, :body, :head, :signature, :reason, :at_ms, :app, :kind, :home_unit, :server_seq)
ON CONFLICT (hash) DO UPDATE SET reason = excluded.reason, app = excluded.app;
