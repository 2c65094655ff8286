SELECT id, reason, declined, file FROM cases
WHERE reason_digest IS NULL OR (declined IS NOT NULL AND declined_digest IS NULL) OR (file IS NOT NULL AND file_digest IS NULL);
