DELETE FROM reviews WHERE document = :document AND generation <= :generation;
