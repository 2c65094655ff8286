INSERT INTO bodies (change_id, body) VALUES (:change_id, :body);
