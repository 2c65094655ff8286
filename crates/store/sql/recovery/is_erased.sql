SELECT 1 FROM erased WHERE document = :document AND generation >= :generation;
