SELECT object FROM audit
WHERE position > (SELECT max(position) FROM audit) - 1000 AND action = :action AND staff = :staff
ORDER BY position DESC;
