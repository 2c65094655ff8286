INSERT INTO held (head_hash, document, generation, body)
SELECT head_hash, document, generation, body FROM set_aside;
