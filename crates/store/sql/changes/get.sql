SELECT hash, document, generation, actor, seq, start_op, ops, deps, body, head, signature, header,
       device, staff, scope, dev_seq, wall_ms
FROM changes WHERE hash = :hash;
