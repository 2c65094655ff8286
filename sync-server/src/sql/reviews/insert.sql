INSERT INTO reviews (head_hash, hash, document, generation, device, scope, at_ms, body, state, kind, cause)
VALUES (:head_hash, :hash, :document, :generation, :device, :scope, :at_ms, :body, 'waiting', :kind, :cause)
-- Taken once, but what it follows was set aside after all: a person looks again.
ON CONFLICT (head_hash) DO UPDATE SET state = 'waiting', at_ms = excluded.at_ms, body = excluded.body, reason = NULL;
