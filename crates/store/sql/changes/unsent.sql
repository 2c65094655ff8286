SELECT hash, document, generation, actor, seq, start_op, ops, deps, body, head, signature, header,
       device, staff, scope, dev_seq, wall_ms
FROM changes
WHERE origin = 'local' AND state IN ('saved', 'held', 'refused') AND body IS NOT NULL AND replaced_by IS NULL
ORDER BY position;
