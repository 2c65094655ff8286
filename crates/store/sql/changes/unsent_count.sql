SELECT count(*) AS unsent FROM changes
WHERE origin = 'local' AND state IN ('saved', 'held', 'refused') AND body IS NOT NULL AND replaced_by IS NULL;
