UPDATE scopes SET last_seq = last_seq + :how_many WHERE id = :scope RETURNING last_seq;
