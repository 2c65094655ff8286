SELECT id, scope, parent, level, name, region FROM units
WHERE scope = :scope OR scope IS NULL
ORDER BY region, name;
