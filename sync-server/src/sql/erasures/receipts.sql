-- How many of a decision's orders each device has not said yet that it did. They have the highest numbers up to its last one and
-- were given at the same moment, and the audit chain names them; a document that was gone by then got none. What a stopped device
-- brought may be anybody's invention, and nothing is believed gone for it.
WITH given (object) AS (
  SELECT DISTINCT CAST(order_number AS TEXT) FROM audit
  WHERE scope = :scope AND at_ms = :decided_ms AND action IN ('document_erased', 'document_renewed')
    AND order_number > :number - :documents AND order_number <= :number
)
SELECT d.id, (SELECT COUNT(*) FROM given) - (
  SELECT COUNT(DISTINCT a.object) FROM device_audit AS a
  WHERE a.device = d.id AND a.action = 'document_erased' AND a.handed_over = 0
    AND a.object IN (SELECT object FROM given)
) AS lacks
FROM devices AS d JOIN staff AS s ON s.id = d.staff
WHERE s.scope = :scope AND d.enrolled_ms <= :decided_ms
  AND NOT EXISTS (SELECT 1 FROM wipes AS w WHERE w.device = d.id AND w.receipt IS NOT NULL)
ORDER BY d.enrolled_ms, d.id;
