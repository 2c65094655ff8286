SELECT staff, action, detail
FROM device_audit
WHERE at_ms >= :from_ms AND at_ms < :until_ms
  AND device IN (
    SELECT devices.id FROM devices JOIN staff ON staff.id = devices.staff WHERE staff.scope = :scope
  );
