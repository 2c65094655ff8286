INSERT INTO forms (scope, id, json, published_ms) VALUES (:scope, :id, :json, :published_ms);
