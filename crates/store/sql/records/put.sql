INSERT INTO records (document, kind, unit, schema, fields, imported)
VALUES (:document, :kind, :unit, :schema, :fields, :imported)
ON CONFLICT (document) DO UPDATE
SET kind = excluded.kind, unit = excluded.unit, schema = excluded.schema, fields = excluded.fields,
    imported = excluded.imported
WHERE (kind, unit, schema, fields, imported)
   IS NOT (excluded.kind, excluded.unit, excluded.schema, excluded.fields, excluded.imported);
