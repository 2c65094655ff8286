UPDATE changes SET segment = :segment WHERE id = :id AND segment IS NULL;
