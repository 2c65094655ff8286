UPDATE changes SET in_body = 1 WHERE hash = :hash;
