UPDATE changes SET state = 'saved', server_seq = NULL
WHERE origin = 'local' AND scope = :scope AND state IN ('accepted', 'held') AND body IS NOT NULL;
