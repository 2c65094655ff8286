UPDATE exports SET state = :state, decided_by = coalesce(:decided_by, decided_by), expires_ms = :expires_ms WHERE id = :id;
