SELECT c.hash, coalesce(b.body, x''), c.segment FROM changes AS c
LEFT JOIN bodies AS b ON b.change_id = c.id
WHERE c.document = :document AND c.generation = :generation AND c.seq > 0
ORDER BY c.id;
