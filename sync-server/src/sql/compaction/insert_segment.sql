INSERT INTO segments (document, generation, changes, body) VALUES (:document, :generation, :changes, :body);
