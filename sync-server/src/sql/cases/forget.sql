DELETE FROM cases WHERE problem = :problem;
