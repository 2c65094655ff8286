SELECT DISTINCT document FROM set_aside ORDER BY document;
