SELECT * FROM entries ORDER BY document, collection, entry;
