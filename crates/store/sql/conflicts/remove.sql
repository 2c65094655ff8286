DELETE FROM conflicts WHERE document = :document;
