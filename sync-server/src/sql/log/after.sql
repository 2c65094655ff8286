SELECT l.seq, l.at_ms, coalesce(l.kind, 'change'), l.record, c.id, c.document, c.hash, d.kind, d.home_unit, d.creator, d.scope, d.since_seq, d.came_from,
       c.raw_bytes, c.segment, g.unit, g.seq
FROM log AS l
LEFT JOIN changes AS c ON c.id = l.change_id
LEFT JOIN documents AS d ON d.id = c.document
LEFT JOIN guests AS g ON g.document = d.id AND g.state = 'running' AND (g.until_ms IS NULL OR g.until_ms > :now_ms)
WHERE l.scope = :scope AND l.seq > :after
ORDER BY l.seq
LIMIT :most;
