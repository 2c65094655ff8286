UPDATE scopes SET last_seq = last_seq + 1 WHERE id = :scope RETURNING last_seq;
