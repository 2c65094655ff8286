SELECT generation, kind FROM documents WHERE id = :document AND scope = :scope;
