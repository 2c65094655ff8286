SELECT * FROM problem_children ORDER BY problem, child;
