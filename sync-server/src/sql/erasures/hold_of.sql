SELECT held, at_ms FROM holds WHERE document = :document;
