-- What is said again about an erased change is refused, not had already.
UPDATE heads SET state = 'refused', seq = NULL, change_id = NULL, code = 'erased'
WHERE hash IN (SELECT head_hash FROM held WHERE document = :document AND generation <= :generation)
   OR hash IN (SELECT head_hash FROM set_aside WHERE document = :document AND generation <= :generation)
   OR change_id IN (SELECT id FROM changes WHERE document = :document AND generation <= :generation)
   OR (scope = :scope AND seq IN (SELECT seq FROM changes WHERE document = :document AND generation <= :generation));
