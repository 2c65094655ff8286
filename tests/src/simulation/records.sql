-- Every record a person can see, by its name.
SELECT document, collection, entry FROM entries ORDER BY document, collection, entry;
