DELETE FROM set_aside WHERE document = :document AND generation <= :generation;
