INSERT INTO erased (document, generation, unsent, at_ms) VALUES (:document, :generation, :unsent, :at_ms)
ON CONFLICT (document) DO UPDATE
SET generation = max(generation, excluded.generation), unsent = unsent + excluded.unsent,
    at_ms = max(at_ms, excluded.at_ms);
