SELECT * FROM records ORDER BY document;
