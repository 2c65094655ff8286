SELECT id, kind, home_unit, creator, rank, generation, schema, birth_unit, birth_generation, bytes
FROM documents
WHERE id = :id AND scope = :scope;
