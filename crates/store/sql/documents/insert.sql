INSERT INTO documents (document, generation, kind, home_unit, schema, heads, body, tail, header, created_ms)
VALUES (:document, :generation, :kind, :home_unit, :schema, :heads, :body, 0, :header, :created_ms);
