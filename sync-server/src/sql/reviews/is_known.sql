SELECT 1 FROM reviews WHERE head_hash = :head_hash;
