SELECT number, at_ms, staff, action, object, detail, hash FROM audit
WHERE incarnation = :incarnation AND number > :after
ORDER BY number LIMIT :most;
