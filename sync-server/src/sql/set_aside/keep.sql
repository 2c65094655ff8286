INSERT INTO set_aside (head_hash, document, generation, hash, device, verdict, at_ms, bytes, body)
VALUES (:head_hash, :document, :generation, :hash, :device, :verdict, :at_ms, :bytes, :body)
ON CONFLICT (head_hash) DO UPDATE SET verdict = :verdict, at_ms = :at_ms;
