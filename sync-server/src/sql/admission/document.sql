-- Who knows of it goes by the days here: while a restored server gathers, nothing begins, and what was written comes back.
SELECT d.scope, d.home_unit, d.kind, d.generation, d.schema, d.birth_unit, d.birth_generation, d.creator, d.bytes,
       (SELECT count(*) FROM held AS h WHERE h.document = d.id),
       (SELECT g.unit FROM guests AS g
        WHERE g.document = d.id AND g.state <> 'over' AND g.from_ms <= :now_ms
          AND (g.until_ms IS NULL OR g.until_ms > :now_ms)
        ORDER BY g.state, g.from_ms
        LIMIT 1)
FROM documents AS d
WHERE d.id = :id;
