UPDATE changes SET beside = :beside, in_body = 0 WHERE hash = :hash;
