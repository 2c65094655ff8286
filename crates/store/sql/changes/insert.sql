-- The hash names the change, so a second arrival is the same change; an own change coming back is only numbered.
INSERT INTO changes (hash, document, generation, actor, seq, start_op, ops, deps, body, head, signature, header,
                     device, staff, scope, dev_seq, wall_ms, origin, state, server_seq, stored_ms,
                     record_kind, record_text, record_id, incarnation, chain_head, in_body, before, replaces, remakes)
VALUES (:hash, :document, :generation, :actor, :seq, :start_op, :ops, :deps, :body, :head, :signature, :header,
        :device, :staff, :scope, :dev_seq, :wall_ms, :origin, :state, :server_seq, :stored_ms,
        :record_kind, :record_text, :record_id, :incarnation, :chain_head, :in_body, :before, :replaces, :remakes)
ON CONFLICT (hash) DO NOTHING;
