UPDATE changes SET seq = :seq WHERE id = :id;
