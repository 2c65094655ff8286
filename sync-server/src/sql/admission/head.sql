SELECT coalesce(state, 'accepted'), seq, code FROM heads WHERE substr(hash, 1, 8) = substr(:hash, 1, 8) AND hash = :hash;
