SELECT m.id, m.from_scope, f.name, m.to_unit, u.name, m.to_scope, t.name, m.sealed, s.name, m.offered_ms, m.expires_ms, m.state,
       coalesce((SELECT v.name FROM move_documents AS d JOIN units AS v ON v.id = d.home_unit
                 WHERE d.move = m.id ORDER BY d.document LIMIT 1), '')
FROM moves AS m
JOIN units AS f ON f.id = m.from_scope
JOIN units AS u ON u.id = m.to_unit
JOIN units AS t ON t.id = m.to_scope
JOIN staff AS s ON s.id = m.offered_by
WHERE m.from_scope = :scope OR m.to_scope = :scope
ORDER BY m.offered_ms DESC, m.id
LIMIT 200;
