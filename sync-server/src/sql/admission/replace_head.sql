UPDATE heads SET state = NULL, seq = :seq, change_id = :change_id, code = NULL
WHERE substr(hash, 1, 8) = substr(:hash, 1, 8) AND hash = :hash
  AND chain IN (SELECT id FROM chains WHERE device = :device) AND state IN ('held', 'refused');
