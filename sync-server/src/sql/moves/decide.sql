UPDATE moves SET state = :state, decided_by = :decided_by, decided_ms = :decided_ms WHERE id = :id;
