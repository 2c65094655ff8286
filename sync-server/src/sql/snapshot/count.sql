SELECT kind, home_unit, creator, count(*) FROM documents AS d
WHERE scope = :scope
  AND EXISTS (SELECT 1 FROM changes AS c WHERE c.document = d.id AND c.seq > 0)
GROUP BY kind, home_unit, creator;
