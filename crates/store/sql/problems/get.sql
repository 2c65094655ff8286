SELECT problem, unit FROM problems WHERE problem = :problem;
