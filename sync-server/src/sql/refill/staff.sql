SELECT id, unit, scope FROM staff WHERE id = :id;
