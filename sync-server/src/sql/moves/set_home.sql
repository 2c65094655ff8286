UPDATE documents
SET home_unit = :home_unit, scope = :scope, since_seq = :since_seq, came_from = :came_from, moves = :moves
WHERE id = :id;
