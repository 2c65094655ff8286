DELETE FROM quarantine WHERE document = :document AND generation <= :generation;
