UPDATE documents SET left_ms = :left_ms WHERE document = :document;
