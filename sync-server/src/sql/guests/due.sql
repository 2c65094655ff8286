-- One whose document is not here, after a restore, begins when it is.
SELECT g.id, g.document, g.scope, g.unit, g.from_ms, g.until_ms, g.state
FROM guests AS g
JOIN documents AS d ON d.id = g.document
WHERE g.scope = :scope
  AND ((g.state = 'waiting' AND g.from_ms <= :now_ms) OR (g.state = 'running' AND g.until_ms <= :now_ms))
ORDER BY g.state, g.from_ms, g.id, g.document;
