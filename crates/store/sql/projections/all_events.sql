SELECT * FROM events ORDER BY child, record;
