INSERT INTO changes (document, generation, hash, actor, actor_seq, max_op, device, seq, at_ms, raw_bytes)
VALUES (:document, :generation, :hash, :actor, :actor_seq, :max_op, :device, 0, :at_ms, :raw_bytes);
