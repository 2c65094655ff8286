SELECT * FROM children ORDER BY child;
