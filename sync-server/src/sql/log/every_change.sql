SELECT c.id, c.document, c.generation, c.hash, c.device, coalesce(b.body, x''), k.wrapped, c.segment
FROM changes AS c
LEFT JOIN bodies AS b ON b.change_id = c.id
JOIN document_keys AS k ON k.document = c.document AND k.generation = c.generation
ORDER BY c.document, c.actor, c.actor_seq;
