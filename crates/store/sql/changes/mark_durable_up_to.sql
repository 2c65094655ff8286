UPDATE changes SET state = 'durable', refusal = NULL, kept_reason = NULL
WHERE origin = 'local' AND state = 'accepted' AND scope = :scope AND server_seq <= :durable_seq;
