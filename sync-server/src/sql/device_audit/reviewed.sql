-- Only a station looks a month through, and nobody is believed who holds a stopped device.
SELECT 1 FROM device_audit
WHERE action = 'audit_reviewed' AND object = :month AND handed_over = 0
  AND device IN (
    SELECT devices.id FROM devices JOIN staff ON staff.id = devices.staff
    WHERE staff.scope = :scope AND staff.role IN ('supervisor', 'head')
  );
