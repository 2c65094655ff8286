SELECT 1 FROM holds WHERE document = :document AND held;
