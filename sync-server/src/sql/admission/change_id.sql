SELECT id FROM changes WHERE document = :document AND generation = :generation AND hash = :hash;
