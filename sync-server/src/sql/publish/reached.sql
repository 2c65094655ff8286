SELECT count(*), coalesce(max(c.id), 0) FROM actors AS a
JOIN changes AS c ON c.actor_id = a.id
WHERE a.document = :document AND c.generation = :generation AND c.seq > 0;
