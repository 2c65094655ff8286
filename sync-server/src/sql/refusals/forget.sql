DELETE FROM refusals WHERE head_hash = :head_hash;
