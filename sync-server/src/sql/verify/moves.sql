SELECT id, sealed FROM moves ORDER BY id;
