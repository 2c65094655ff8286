UPDATE guests SET state = :state, seq = coalesce(:seq, seq) WHERE id = :id AND document = :document;
