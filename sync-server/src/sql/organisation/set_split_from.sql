UPDATE units SET split_from = :split_from WHERE id = :id;
