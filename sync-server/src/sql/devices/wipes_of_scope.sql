SELECT w.device, w.number, w.ordered_ms, w.receipt_ms, w.receipt, w.without_photos
FROM wipes AS w
JOIN devices AS d ON d.id = w.device
JOIN staff AS s ON s.id = d.staff
WHERE s.scope = :scope;
