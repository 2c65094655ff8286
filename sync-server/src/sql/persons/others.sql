-- The other posts of whoever has this one.
SELECT id FROM staff
WHERE id <> :staff AND coalesce(person, id) = (SELECT coalesce(person, id) FROM staff WHERE id = :staff)
ORDER BY since_ms, id;
