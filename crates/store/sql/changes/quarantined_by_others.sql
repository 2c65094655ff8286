SELECT hash, body, head, signature, kind, home_unit, server_seq FROM quarantine
WHERE app <> :app AND kind IS NOT NULL AND head IS NOT NULL AND signature IS NOT NULL
ORDER BY server_seq, hash;
