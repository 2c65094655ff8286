-- Whoever is not to act is so in whatever post she has (docs/adr/0056).
SELECT 1 FROM recusals
WHERE document = :document AND from_ms <= :now_ms AND (until_ms IS NULL OR until_ms > :now_ms)
  AND (staff = :staff OR staff IN (
    SELECT id FROM staff WHERE coalesce(person, id) = (SELECT coalesce(person, id) FROM staff WHERE id = :staff)
  ));
