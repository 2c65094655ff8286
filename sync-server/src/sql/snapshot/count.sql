SELECT kind, home_unit, creator, count(*) FROM documents
WHERE scope = :scope
GROUP BY kind, home_unit, creator;
