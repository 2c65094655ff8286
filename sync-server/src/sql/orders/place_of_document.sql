SELECT scope, generation FROM documents WHERE id = :document;
