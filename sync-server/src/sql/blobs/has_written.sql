SELECT 1 FROM actors AS a
JOIN changes AS c ON c.actor_id = a.id
WHERE a.document = :document AND a.device = :device;
