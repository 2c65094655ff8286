UPDATE enrolments
SET state = 'comparing', device_nonce = :device_nonce, compare_code = :compare_code
WHERE id = :id;
