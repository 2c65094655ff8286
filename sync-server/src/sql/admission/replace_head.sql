UPDATE heads SET state = 'accepted', seq = :seq, change_id = :change_id, code = NULL
WHERE hash = :hash AND device = :device AND state IN ('held', 'refused');
