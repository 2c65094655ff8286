INSERT INTO devices (id, staff, public_key, file_first, file_last, enrolled_ms, revoked_ms)
VALUES (:id, :staff, :public_key, :file_first, :file_last, :enrolled_ms,
        (SELECT at_ms FROM revoked WHERE device = :id));
