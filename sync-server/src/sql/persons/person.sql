SELECT coalesce(person, id) FROM staff WHERE id = :staff;
