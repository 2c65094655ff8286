DELETE FROM renewals WHERE document = :document AND generation <= :generation;
