INSERT INTO documents (id, scope, home_unit, kind, rank, generation, schema, birth_unit, birth_generation, creator)
VALUES (:id, :scope, :home_unit, :kind, :rank, :generation, :schema, :home_unit, :generation, :creator);
