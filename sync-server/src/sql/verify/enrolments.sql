SELECT id, secrets, state FROM enrolments ORDER BY id;
