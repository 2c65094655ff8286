-- What is said again about an erased change is refused, not had already. A number belongs to the scope it was given in,
-- which a document that moved has left.
WITH gone (id) AS MATERIALIZED (
  SELECT c.id FROM actors AS a JOIN changes AS c ON c.actor_id = a.id
  WHERE a.document = :document AND c.generation <= :generation
),
kept (hash) AS MATERIALIZED (
  SELECT head_hash FROM held WHERE document = :document AND generation <= :generation
  UNION SELECT head_hash FROM set_aside WHERE document = :document AND generation <= :generation
  UNION SELECT head_hash FROM reviews WHERE document = :document AND generation <= :generation
)
UPDATE heads SET state = 'refused', seq = NULL, change_id = NULL, code = 'erased'
WHERE (substr(hash, 1, 8) IN (SELECT substr(kept.hash, 1, 8) FROM kept) AND hash IN (SELECT kept.hash FROM kept))
   OR change_id IN (SELECT id FROM gone)
   OR (chain, seq) IN (SELECT n.id, l.seq FROM gone JOIN log AS l ON l.change_id = gone.id
                       JOIN chains AS n ON n.scope = l.scope);
