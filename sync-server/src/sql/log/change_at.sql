SELECT c.hash FROM log AS l
JOIN changes AS c ON c.id = l.change_id
WHERE l.scope = :scope AND l.seq = :seq;
