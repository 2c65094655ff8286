DELETE FROM segments WHERE document = :document AND generation <= :generation;
