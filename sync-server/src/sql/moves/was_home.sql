SELECT 1 FROM document_homes WHERE document = :document AND (unit = :unit OR (:whole_scope AND scope = :scope))
UNION ALL
-- Or in a village she once stood in for, or lives there still.
SELECT 1 FROM covers AS c
WHERE c.delegate = :staff AND c.seq IS NOT NULL
  AND (EXISTS (SELECT 1 FROM documents AS d WHERE d.id = :document AND d.home_unit = c.unit)
       OR EXISTS (SELECT 1 FROM document_homes AS h WHERE h.document = :document AND h.unit = c.unit));
