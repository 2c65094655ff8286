SELECT count(*) AS waiting FROM changes WHERE origin = 'local' AND state = 'saved';
