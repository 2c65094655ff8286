SELECT seq, max_op FROM changes
WHERE document = :document AND generation = :generation AND hash = :hash;
