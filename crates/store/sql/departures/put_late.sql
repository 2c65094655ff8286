INSERT INTO late_work (hash, document, own, state, reason, at_ms)
VALUES (:hash, :document, :own, :state, :reason, :at_ms)
ON CONFLICT (hash) DO UPDATE SET state = excluded.state, reason = excluded.reason;
