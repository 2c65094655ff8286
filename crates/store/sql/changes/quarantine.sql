INSERT INTO quarantine (hash, document, generation, body, head, signature, reason, at_ms)
VALUES (:hash, :document, :generation, :body, :head, :signature, :reason, :at_ms)
ON CONFLICT (hash) DO NOTHING;
