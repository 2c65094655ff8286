INSERT OR REPLACE INTO member_statements (kind, id, body, signature) VALUES (:kind, :id, :body, :signature);
