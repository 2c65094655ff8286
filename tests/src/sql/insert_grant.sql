INSERT INTO grants (id, staff, from_ms) VALUES (:staff, :staff, :from_ms);
