SELECT d.id, d.kind, d.home_unit, d.creator, d.rank, d.generation, d.schema, d.birth_unit, d.birth_generation, d.bytes, g.unit
FROM documents AS d
LEFT JOIN guests AS g ON g.document = d.id AND g.state = 'running' AND (g.until_ms IS NULL OR g.until_ms > :now_ms)
WHERE d.id = :id AND d.scope = :scope;
