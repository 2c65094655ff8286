SELECT coalesce(l.kind, 'change'), c.hash FROM log AS l
LEFT JOIN changes AS c ON c.id = l.change_id
WHERE l.scope = :scope AND l.seq = :seq;
