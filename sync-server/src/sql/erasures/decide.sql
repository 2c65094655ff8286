UPDATE erasures SET state = :state, sealed = NULL, decided_by = :decided_by, decided_ms = :decided_ms, last_order = :last_order
WHERE id = :id;
