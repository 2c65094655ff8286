SELECT at_ms, staff, action, object, detail, hash, incarnation, number FROM audit
ORDER BY incarnation, position;
