UPDATE heads SET state = 'accepted', seq = :seq, change_id = :change_id, code = NULL
WHERE hash = :hash AND chain IN (SELECT id FROM chains WHERE device = :device) AND state IN ('held', 'refused');
