SELECT generation, founded, number FROM renewals WHERE document = :document AND generation >= :generation ORDER BY generation;
