UPDATE enrolments SET wrong = wrong + 1 WHERE id = :id RETURNING wrong;
