INSERT INTO policies (id, json) VALUES (:id, :json)
ON CONFLICT (id) DO UPDATE SET json = excluded.json;
