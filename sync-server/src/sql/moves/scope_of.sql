SELECT scope FROM documents WHERE id = :id;
