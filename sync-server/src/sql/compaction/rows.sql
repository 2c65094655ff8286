SELECT c.id, c.hash, c.seq, b.body, length(b.body), d.scope FROM changes AS c
JOIN bodies AS b ON b.change_id = c.id
JOIN documents AS d ON d.id = c.document
WHERE c.document = :document AND c.generation = :generation AND c.segment IS NULL AND c.seq > 0
  AND c.at_ms < :before_ms
ORDER BY c.seq;
