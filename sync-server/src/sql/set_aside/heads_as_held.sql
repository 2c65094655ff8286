UPDATE heads SET state = 'held', code = NULL WHERE hash IN (SELECT head_hash FROM set_aside);
