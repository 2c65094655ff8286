SELECT kind, home_unit, creator, count(*) FROM documents AS d
WHERE scope = :scope
  AND EXISTS (SELECT 1 FROM actors AS a JOIN changes AS c ON c.actor_id = a.id WHERE a.document = d.id AND c.seq > 0)
GROUP BY kind, home_unit, creator;
