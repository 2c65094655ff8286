SELECT state, seq, code FROM heads WHERE hash = :hash;
