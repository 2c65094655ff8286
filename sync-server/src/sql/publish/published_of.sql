SELECT c.hash, coalesce(b.body, x''), c.segment FROM actors AS a
JOIN changes AS c ON c.actor_id = a.id
LEFT JOIN bodies AS b ON b.change_id = c.id
WHERE a.document = :document AND c.generation = :generation AND c.seq > 0
ORDER BY c.id;
