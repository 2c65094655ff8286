-- Only what its own device says, and only while nobody has decided.
UPDATE reviews SET state = 'replaced', decided_ms = :now_ms
WHERE head_hash = :head_hash AND device = :device AND state = 'waiting'
RETURNING document, hash, scope;
