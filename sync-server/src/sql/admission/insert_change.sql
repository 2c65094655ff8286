INSERT INTO changes (document, generation, hash, actor_id, actor_seq, max_op, seq, at_ms, raw_bytes)
VALUES (
  :document, :generation, :hash,
  (SELECT id FROM actors WHERE document = :document AND actor = :actor),
  :actor_seq, :max_op, 0, :at_ms, :raw_bytes
);
