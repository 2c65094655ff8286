INSERT INTO departures (document, kind, label, household, destination, left_ms)
SELECT d.document, d.kind, coalesce(c.name, ''), coalesce(c.household, CASE d.kind WHEN 'household' THEN d.document END),
       :destination, :left_ms
FROM documents AS d
LEFT JOIN children AS c ON c.child = d.document
WHERE d.document = :document
ON CONFLICT (document) DO UPDATE
SET destination = excluded.destination, left_ms = excluded.left_ms, removed_ms = NULL, label = excluded.label;
