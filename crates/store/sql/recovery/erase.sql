DELETE FROM changes WHERE document = :document AND generation <= :generation;
