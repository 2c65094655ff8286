SELECT u.scope FROM ordered_moves AS m
JOIN units AS u ON u.id = m.to_unit
WHERE m.document = :document
ORDER BY m.step DESC
LIMIT 1;
