DELETE FROM read_marks WHERE document = :document;
