INSERT INTO devices (id, staff, public_key, file_first, file_last, enrolled_ms)
VALUES (:id, :staff, :public_key, 1, 1, :enrolled_ms);
