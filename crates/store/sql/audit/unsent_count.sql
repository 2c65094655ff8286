SELECT count(*) FROM audit AS a
JOIN audit_sent AS s ON s.incarnation = a.incarnation
WHERE a.number > s.number AND a.action NOT IN (SELECT value FROM json_each(:without));
