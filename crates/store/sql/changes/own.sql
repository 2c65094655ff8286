SELECT hash, document, generation, actor, seq, start_op, ops, deps, body, head, signature, header,
       device, staff, scope, dev_seq, wall_ms, record_kind, record_text, record_id, incarnation, chain_head, stored_ms,
       before, replaces, remakes
FROM changes
WHERE hash = :hash AND origin = 'local' AND body IS NOT NULL;
