INSERT INTO orders (body, signature, number) VALUES (:body, :signature, :number) ON CONFLICT (body) DO NOTHING;
