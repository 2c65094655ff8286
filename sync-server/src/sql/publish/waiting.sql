SELECT document, generation, min(id) FROM changes
WHERE seq = 0
GROUP BY document, generation
ORDER BY min(id)
LIMIT :most;
