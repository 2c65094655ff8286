SELECT id, json, published_ms FROM forms WHERE scope = :scope AND id = :id;
