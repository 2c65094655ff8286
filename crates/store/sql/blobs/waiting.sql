-- What is small and shows what there is goes first, then by age. What an older app sealed is not named by its digest, and a
-- stopped device cannot hand it over: it waits behind all the rest.
SELECT * FROM blobs
WHERE is_own = 1 AND is_there = 1 AND document IS NOT NULL AND durable_ms IS NULL AND refusal IS NULL AND gone_ms IS NULL
ORDER BY sent >= size, address <> digest, CASE kind WHEN 'thumb' THEN 0 WHEN 'signature' THEN 0 WHEN 'photo' THEN 1 ELSE 2 END, added_ms, address
LIMIT :most;
