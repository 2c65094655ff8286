UPDATE heads SET state = :state, seq = :seq, code = :code WHERE hash = :hash;
