DELETE FROM documents WHERE document = :document AND generation <= :generation;
