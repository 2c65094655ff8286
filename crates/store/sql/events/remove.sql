DELETE FROM events WHERE child = :child;
