SELECT id, scope, parent, level, name, region, since_ms, closed_ms, successor FROM units
WHERE scope = :scope OR level = 'district'
ORDER BY region, name;
