SELECT collection, entry FROM entries WHERE document = :document;
