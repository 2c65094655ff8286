SELECT d.id, EXISTS (
  SELECT 1 FROM device_audit AS a
  WHERE a.device = d.id AND a.action = 'document_erased' AND a.object = CAST(:number AS TEXT)
) AS has_said
FROM devices AS d JOIN staff AS s ON s.id = d.staff
WHERE s.scope = :scope AND d.enrolled_ms <= :decided_ms
  AND NOT EXISTS (SELECT 1 FROM wipes AS w WHERE w.device = d.id AND w.receipt IS NOT NULL)
ORDER BY d.enrolled_ms, d.id;
