SELECT count(*) FILTER (WHERE kind <> 'thumb') AS number, coalesce(sum(size - sent), 0) AS bytes
FROM blobs
WHERE is_own = 1 AND is_there = 1 AND document IS NOT NULL AND durable_ms IS NULL AND refusal IS NULL AND gone_ms IS NULL
  AND sent < size;
