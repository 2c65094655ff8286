UPDATE documents SET heads = :heads, tail = :tail, body = :body WHERE document = :document;
