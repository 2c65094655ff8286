UPDATE log SET kind = 'erased', change_id = NULL
WHERE change_id IN (SELECT id FROM changes WHERE document = :document AND generation <= :generation);
