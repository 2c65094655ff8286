DELETE FROM held WHERE document = :document AND generation <= :generation;
