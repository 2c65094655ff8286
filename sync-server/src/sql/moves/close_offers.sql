-- A restored copy may still have the offer that was accepted.
UPDATE moves SET state = CASE WHEN to_unit = :to_unit THEN 'accepted' ELSE 'withdrawn' END, decided_ms = :now_ms
WHERE state = 'offered' AND id IN (SELECT move FROM move_documents WHERE document = :document);
