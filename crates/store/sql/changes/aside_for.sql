SELECT hash, body, head, signature, kind, home_unit, server_seq FROM quarantine
WHERE document = :document AND reason = :reason AND head IS NOT NULL AND signature IS NOT NULL
ORDER BY server_seq, at_ms, hash;
