INSERT INTO erased (mark, generation) VALUES (:mark, :generation)
ON CONFLICT (mark) DO UPDATE SET generation = max(generation, excluded.generation);
