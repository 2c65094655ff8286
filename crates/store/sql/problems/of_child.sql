SELECT problems.problem, problems.unit
FROM problem_children JOIN problems USING (problem)
WHERE problem_children.child = :child
ORDER BY reported_ms DESC, problems.problem;
