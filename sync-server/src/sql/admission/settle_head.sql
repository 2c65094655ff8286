UPDATE heads SET state = nullif(:state, 'accepted'), seq = :seq, code = :code, change_id = :change_id
WHERE substr(hash, 1, 8) = substr(:hash, 1, 8) AND hash = :hash;
