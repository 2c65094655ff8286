UPDATE changes SET state = 'accepted', server_seq = :seq
WHERE document = :document AND generation = :generation
  AND origin = 'local' AND state = 'saved' AND was_at_server = 1;
