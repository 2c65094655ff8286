DELETE FROM changes
WHERE actor_id IN (SELECT id FROM actors WHERE document = :document) AND generation <= :generation;
