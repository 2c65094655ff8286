INSERT INTO held (head_hash, document, generation, body)
VALUES (:head_hash, :document, :generation, :body)
ON CONFLICT (head_hash) DO NOTHING;
