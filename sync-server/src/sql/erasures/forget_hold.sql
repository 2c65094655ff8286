DELETE FROM holds WHERE document = :document;
