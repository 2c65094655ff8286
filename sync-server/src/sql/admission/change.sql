SELECT seq, max_op FROM changes
WHERE document = :document AND generation = :generation AND substr(hash, 1, 8) = substr(:hash, 1, 8) AND hash = :hash;
