INSERT INTO refusals (head_hash, device, kind, code, at_ms)
SELECT :head_hash, :device, :kind, :code, :at_ms
WHERE (SELECT count(*) FROM refusals WHERE device = :device) < :most
ON CONFLICT (head_hash) DO UPDATE SET code = excluded.code, at_ms = excluded.at_ms;
