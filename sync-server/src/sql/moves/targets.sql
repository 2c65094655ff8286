SELECT v.id, v.name, t.id, t.name
FROM units AS v
JOIN units AS t ON t.id = v.scope
WHERE v.level = 'village' AND v.closed_ms IS NULL
ORDER BY t.region, v.region, v.name;
