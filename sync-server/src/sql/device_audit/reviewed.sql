SELECT 1 FROM device_audit
WHERE action = 'audit_reviewed' AND object = :month
  AND device IN (
    SELECT devices.id FROM devices JOIN staff ON staff.id = devices.staff WHERE staff.scope = :scope
  );
