SELECT 1 FROM changes WHERE document = :document;
