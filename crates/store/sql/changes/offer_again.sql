UPDATE changes SET state = 'saved', server_seq = NULL, was_at_server = (state IN ('accepted', 'durable'))
WHERE origin = 'local' AND scope = :scope AND state IN ('accepted', 'durable', 'held') AND body IS NOT NULL
  AND replaced_by IS NULL;
