SELECT 1 FROM changes WHERE id = :id AND seq = 0;
