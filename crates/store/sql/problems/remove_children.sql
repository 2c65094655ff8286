DELETE FROM problem_children WHERE problem = :problem;
