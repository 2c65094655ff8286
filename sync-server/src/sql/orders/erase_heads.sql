-- What is said again about an erased change is refused, not had already. A number belongs to the scope it was given in,
-- which a document that moved has left.
UPDATE heads SET state = 'refused', seq = NULL, change_id = NULL, code = 'erased'
WHERE hash IN (SELECT head_hash FROM held WHERE document = :document AND generation <= :generation)
   OR hash IN (SELECT head_hash FROM set_aside WHERE document = :document AND generation <= :generation)
   OR hash IN (SELECT head_hash FROM reviews WHERE document = :document AND generation <= :generation)
   OR change_id IN (SELECT id FROM changes WHERE document = :document AND generation <= :generation)
   OR (chain, seq) IN (SELECT n.id, l.seq FROM log AS l JOIN changes AS c ON c.id = l.change_id
                       JOIN chains AS n ON n.scope = l.scope
                       WHERE c.document = :document AND c.generation <= :generation);
