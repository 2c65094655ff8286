UPDATE documents SET heads = :heads, tail = :tail WHERE document = :document;
