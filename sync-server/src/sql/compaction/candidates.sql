SELECT d.id, d.generation FROM documents AS d
WHERE d.id > :after
  AND (SELECT count(*) FROM actors AS a JOIN changes AS c ON c.actor_id = a.id
       WHERE a.document = d.id AND c.generation = d.generation
         AND c.segment IS NULL AND c.seq > 0 AND c.at_ms < :before_ms) >= :least
ORDER BY d.id
LIMIT :most;
