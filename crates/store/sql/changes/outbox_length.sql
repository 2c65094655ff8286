SELECT count(*) AS waiting FROM changes WHERE origin = 'local' AND state = 'saved' AND replaced_by IS NULL;
