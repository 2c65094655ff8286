-- Units first, then people, then devices: each stands on the one before. Forms stand on their station alone.
SELECT body, signature FROM member_statements
ORDER BY CASE kind WHEN 'unit' THEN 0 WHEN 'staff' THEN 1 WHEN 'device' THEN 2 ELSE 3 END, id;
