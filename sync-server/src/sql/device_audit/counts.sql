SELECT staff, action, count(*) FROM (
  SELECT staff, action FROM device_audit
  WHERE at_ms >= :from_ms AND at_ms < :until_ms
    AND (:staff IS NULL OR staff = :staff)
    AND device IN (
      SELECT devices.id FROM devices JOIN staff ON staff.id = devices.staff WHERE staff.scope = :scope
    )
  UNION ALL
  SELECT staff, action FROM audit
  WHERE at_ms >= :from_ms AND at_ms < :until_ms AND (scope = :scope OR scope IS NULL)
    AND (:staff IS NULL OR staff = :staff)
)
GROUP BY staff, action ORDER BY staff, action;
