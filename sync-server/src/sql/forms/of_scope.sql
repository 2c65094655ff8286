SELECT id, json, published_ms FROM forms WHERE scope = :scope ORDER BY published_ms, id;
