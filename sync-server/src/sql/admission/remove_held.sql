DELETE FROM held WHERE head_hash = :head_hash;
