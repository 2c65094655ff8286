UPDATE changes
SET state = :state, server_seq = coalesce(:server_seq, server_seq), refusal = :refusal, kept_reason = :kept_reason
WHERE hash = :hash AND origin = 'local' AND state <> 'durable'
RETURNING document, beside;
