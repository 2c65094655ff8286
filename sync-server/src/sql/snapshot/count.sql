SELECT d.kind, d.home_unit, d.creator, g.unit, count(*)
FROM documents AS d
LEFT JOIN guests AS g ON g.document = d.id AND g.state = 'running' AND (g.until_ms IS NULL OR g.until_ms > :now_ms)
WHERE d.scope = :scope
  AND EXISTS (SELECT 1 FROM actors AS a JOIN changes AS c ON c.actor_id = a.id WHERE a.document = d.id AND c.seq > 0)
GROUP BY d.kind, d.home_unit, d.creator, g.unit;
