UPDATE recoveries SET released_ms = :now_ms, released_by = :by WHERE scope = :scope AND released_ms IS NULL;
