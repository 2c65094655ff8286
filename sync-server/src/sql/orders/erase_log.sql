UPDATE log SET kind = 'erased', change_id = NULL
WHERE change_id IN (SELECT c.id FROM actors AS a JOIN changes AS c ON c.actor_id = a.id
                    WHERE a.document = :document AND c.generation <= :generation);
