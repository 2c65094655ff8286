UPDATE units SET scope = id WHERE id = :id AND level = 'district';
