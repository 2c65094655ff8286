DELETE FROM hold_covers WHERE child = :document OR document = :document;
