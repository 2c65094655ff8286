SELECT id, scope, parent, level, name, region, since_ms, closed_ms, successor FROM units
WHERE scope = :scope OR scope IS NULL
ORDER BY region, name;
