SELECT c.hash FROM actors AS a
JOIN changes AS c ON c.actor_id = a.id
WHERE a.document = :document AND a.actor = :actor AND c.actor_seq = :actor_seq;
