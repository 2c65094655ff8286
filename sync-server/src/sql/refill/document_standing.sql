SELECT kind, schema FROM documents WHERE id = :document;
