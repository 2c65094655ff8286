SELECT problem, unit FROM problems ORDER BY reported_ms DESC, problem;
