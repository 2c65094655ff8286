UPDATE devices SET certified_ms = :now_ms WHERE id = :id;
