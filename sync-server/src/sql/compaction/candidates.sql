SELECT document, generation FROM changes
WHERE segment IS NULL AND seq > 0 AND at_ms < :before_ms AND document > :after
GROUP BY document, generation
HAVING count(*) >= :least
ORDER BY document, generation
LIMIT :most;
