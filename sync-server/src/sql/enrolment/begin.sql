UPDATE enrolments
SET state = 'waiting', starts = starts + 1, device_key = :device_key, commitment = :commitment,
    server_nonce = :server_nonce, device_nonce = NULL, compare_code = NULL
WHERE id = :id;
