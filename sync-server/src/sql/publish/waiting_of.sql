SELECT c.id, c.hash, b.body, min(h.hash)
FROM changes AS c
JOIN bodies AS b ON b.change_id = c.id
JOIN heads AS h ON h.change_id = c.id AND h.seq IS NULL
WHERE c.document = :document AND c.generation = :generation AND c.seq = 0
GROUP BY c.id
ORDER BY c.id
LIMIT :most;
