UPDATE heads SET state = :state, code = :code, change_id = NULL WHERE change_id = :id AND seq IS NULL;
