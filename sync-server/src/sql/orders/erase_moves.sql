DELETE FROM ordered_moves WHERE document = :document;
