SELECT hash FROM changes
WHERE origin = 'local' AND state <> 'durable' AND replaced_by IS NULL
ORDER BY position;
