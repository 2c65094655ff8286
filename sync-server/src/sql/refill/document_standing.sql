SELECT kind, schema, generation, coalesce((SELECT max(seq) FROM changes AS c WHERE c.document = d.id), 0)
FROM documents AS d WHERE id = :document;
