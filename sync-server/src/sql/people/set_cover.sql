UPDATE covers SET state = :state, seq = coalesce(:seq, seq) WHERE id = :id;
