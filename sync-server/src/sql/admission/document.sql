SELECT d.scope, d.home_unit, d.kind, d.generation, d.schema, d.birth_unit, d.birth_generation, d.creator, d.bytes,
       (SELECT count(*) FROM held AS h WHERE h.document = d.id)
FROM documents AS d
WHERE d.id = :id;
