SELECT l.seq, c.hash FROM log AS l
JOIN changes AS c ON c.id = l.change_id
WHERE l.scope = :scope AND l.change_id IS NOT NULL
ORDER BY l.seq DESC
LIMIT 1;
