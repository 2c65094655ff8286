SELECT id, kind, home_unit, creator, rank, generation, schema, birth_unit, birth_generation, bytes
FROM documents AS d
WHERE scope = :scope AND (rank, id) > (:rank, :id)
  AND EXISTS (SELECT 1 FROM actors AS a JOIN changes AS c ON c.actor_id = a.id WHERE a.document = d.id AND c.seq > 0)
ORDER BY rank, id
LIMIT :most;
