UPDATE heads SET state = :state, seq = :seq, code = :code, change_id = :change_id WHERE hash = :hash;
