SELECT c.hash FROM actors AS a JOIN changes AS c ON c.actor_id = a.id
WHERE a.document = :document AND c.generation = :generation
ORDER BY c.hash;
