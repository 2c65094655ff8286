SELECT at_ms, staff, action, object, hash FROM audit ORDER BY position;
