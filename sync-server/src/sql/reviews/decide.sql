UPDATE reviews SET state = :state, reason = :reason, decided_by = :decided_by, decided_ms = :decided_ms WHERE id = :id;
