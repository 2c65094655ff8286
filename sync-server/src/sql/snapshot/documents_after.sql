SELECT id, kind, home_unit, creator, rank, generation, schema, birth_unit, birth_generation, bytes
FROM documents
WHERE scope = :scope AND (rank, id) > (:rank, :id)
ORDER BY rank, id
LIMIT :most;
