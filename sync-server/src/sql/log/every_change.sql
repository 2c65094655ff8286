-- What a change needs is looked for and not asked for: one whose key or author is lost is reported, and not left out.
SELECT c.id, c.document, c.generation, c.hash, a.device, coalesce(b.body, x''), k.wrapped, c.segment
FROM changes AS c
LEFT JOIN actors AS a ON a.id = c.actor_id
LEFT JOIN bodies AS b ON b.change_id = c.id
LEFT JOIN document_keys AS k ON k.document = c.document AND k.generation = c.generation
ORDER BY c.document, a.actor, c.actor_seq;
