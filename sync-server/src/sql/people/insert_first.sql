INSERT INTO grants (id, staff, from_ms, until_ms, ended_ms) VALUES (:id, :staff, :from_ms, :until_ms, :ended_ms);
