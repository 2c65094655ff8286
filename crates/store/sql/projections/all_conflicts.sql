SELECT * FROM conflicts ORDER BY document, field, place;
