SELECT kind, home_unit, scope, creator FROM documents WHERE id = :document;
