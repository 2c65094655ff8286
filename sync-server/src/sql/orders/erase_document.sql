DELETE FROM documents WHERE id = :document AND generation <= :generation;
