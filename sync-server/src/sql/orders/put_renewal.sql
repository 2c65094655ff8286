INSERT INTO renewals (document, generation, founded, device) VALUES (:document, :generation, :founded, :device)
ON CONFLICT (document) DO UPDATE SET generation = excluded.generation, founded = excluded.founded, device = excluded.device
WHERE excluded.generation >= renewals.generation;
