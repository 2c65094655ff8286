-- What a stopped device brought may be anybody's invention: the station reads it, and it is not counted.
SELECT staff, action, detail
FROM device_audit
WHERE at_ms >= :from_ms AND at_ms < :until_ms AND handed_over = 0
  AND action IN (SELECT value FROM json_each(:actions))
  AND device IN (
    SELECT devices.id FROM devices JOIN staff ON staff.id = devices.staff WHERE staff.scope = :scope
  );
