SELECT position, at_ms, by_kind, device, staff, scope, action, object, order_number, hash FROM audit ORDER BY position;
