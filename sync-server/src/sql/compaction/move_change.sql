UPDATE changes SET segment = :segment, body = x'' WHERE id = :id AND segment IS NULL;
