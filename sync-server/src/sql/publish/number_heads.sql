UPDATE heads SET seq = :seq WHERE change_id = :id AND seq IS NULL;
