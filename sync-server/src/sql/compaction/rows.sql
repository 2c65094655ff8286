SELECT c.id, c.hash, c.seq, b.body, length(b.body), d.scope FROM actors AS a
JOIN changes AS c ON c.actor_id = a.id
JOIN bodies AS b ON b.change_id = c.id
JOIN documents AS d ON d.id = a.document
WHERE a.document = :document AND c.generation = :generation AND c.segment IS NULL AND c.seq > 0
  AND c.at_ms < :before_ms
ORDER BY c.seq;
