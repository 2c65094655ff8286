SELECT DISTINCT device FROM wipe_remains
WHERE device NOT IN (SELECT device FROM wipes)
ORDER BY device;
