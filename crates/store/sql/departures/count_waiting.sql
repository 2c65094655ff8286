SELECT count(*) AS waiting FROM late_work AS l
JOIN documents AS d USING (document)
WHERE l.own = 0 AND l.state = 'waiting' AND d.left_ms IS NULL;
