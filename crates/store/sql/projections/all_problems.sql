SELECT * FROM problems ORDER BY problem;
