DELETE FROM hold_covers WHERE child = :child;
