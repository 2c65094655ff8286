SELECT document, generation, kind, home_unit, schema, header, created_ms, body, tail
FROM documents
WHERE document = :document;
