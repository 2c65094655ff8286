UPDATE documents SET generation = :generation + 1, birth_generation = :generation + 1, creator = :device, bytes = 0
WHERE id = :document AND generation <= :generation;
