SELECT position, at_ms, by_kind, device, staff, scope, action, object, order_number, hash FROM audit
WHERE at_ms >= :from_ms AND at_ms < :until_ms AND (scope = :scope OR scope IS NULL)
  AND (:staff IS NULL OR staff = :staff)
ORDER BY position LIMIT :most;
