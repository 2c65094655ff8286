-- Said twice, by the order and by the entry of the log: what is hidden has no name to be found any more.
INSERT INTO departures (document, kind, label, household, destination, left_ms)
SELECT d.document, d.kind, coalesce(c.name, ''), coalesce(c.household, CASE d.kind WHEN 'household' THEN d.document END),
       :destination, :left_ms
FROM documents AS d
LEFT JOIN children AS c ON c.child = d.document
WHERE d.document = :document
ON CONFLICT (document) DO UPDATE
SET destination = CASE excluded.destination WHEN '' THEN destination ELSE excluded.destination END,
    label = CASE excluded.label WHEN '' THEN label ELSE excluded.label END,
    left_ms = excluded.left_ms, removed_ms = NULL;
