UPDATE log SET kind = 'erased', change_id = NULL
WHERE scope = :scope
  AND seq IN (SELECT seq FROM changes WHERE document = :document AND generation <= :generation);
