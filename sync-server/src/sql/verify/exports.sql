SELECT id, sealed FROM exports ORDER BY id;
