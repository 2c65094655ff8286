SELECT position, at_ms, by_kind, device, staff, scope, action, object, order_number, hash FROM audit
WHERE at_ms >= :from_ms AND at_ms < :until_ms ORDER BY position;
