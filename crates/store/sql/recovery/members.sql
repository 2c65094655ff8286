-- Units first, then people, then devices: each stands on the one before.
SELECT body, signature FROM member_statements
ORDER BY CASE kind WHEN 'unit' THEN 0 WHEN 'staff' THEN 1 ELSE 2 END, id;
