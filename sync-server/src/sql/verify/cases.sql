SELECT id, state, reason, reason_digest, declined, declined_digest, file, file_digest FROM cases ORDER BY id;
