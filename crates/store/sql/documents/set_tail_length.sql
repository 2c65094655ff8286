UPDATE documents SET tail = :tail WHERE document = :document;
