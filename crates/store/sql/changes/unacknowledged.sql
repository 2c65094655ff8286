SELECT hash FROM changes
WHERE origin = 'local' AND state <> 'durable'
ORDER BY position;
