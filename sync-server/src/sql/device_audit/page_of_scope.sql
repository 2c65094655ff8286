SELECT place, device, number, at_ms, staff, action, object, detail
FROM device_audit
WHERE at_ms >= :from_ms AND at_ms < :until_ms AND place > :after
  AND (:staff IS NULL OR staff = :staff OR (:whole AND staff IN (
    SELECT id FROM staff WHERE coalesce(person, id) = (SELECT coalesce(person, id) FROM staff WHERE id = :staff)
  )))
  AND (:actions IS NULL OR action IN (SELECT value FROM json_each(:actions)))
  AND device IN (
    SELECT devices.id FROM devices JOIN staff ON staff.id = devices.staff WHERE staff.scope = :scope
  )
ORDER BY place LIMIT :most;
