SELECT w.device, w.number, w.ordered_ms, w.receipt_ms, w.receipt
FROM wipes AS w
JOIN devices AS d ON d.id = w.device
JOIN staff AS s ON s.id = d.staff
WHERE s.scope = :scope;
