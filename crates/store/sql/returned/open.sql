-- Own changes the server has not taken, in the order they were made, with what is known of their refusals.
-- The first two terms are the index's own words.
SELECT c.hash, c.document, c.state, c.refusal, c.deps, c.header IS NOT NULL AS begins, c.beside, c.remakes,
       c.put_away_ms, c.position, r.tries, r.refused_ms, r.app, r.device, r.belonging, r.news
FROM changes AS c LEFT JOIN returned AS r ON r.hash = c.hash
WHERE c.origin = 'local' AND c.state <> 'durable' AND c.state IN ('refused', 'held') AND c.replaced_by IS NULL
ORDER BY c.position;
