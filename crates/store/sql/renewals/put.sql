INSERT INTO renewals (document, generation, founded, number) VALUES (:document, :generation, :founded, :number)
ON CONFLICT (document, generation) DO NOTHING;
