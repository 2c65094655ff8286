UPDATE enrolments SET state = :state WHERE id = :id;
