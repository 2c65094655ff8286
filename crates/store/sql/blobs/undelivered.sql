-- What goes with a device that is emptied: refused ones as well, and those of forms nobody saved.
SELECT count(*) AS number FROM blobs
WHERE kind <> 'thumb' AND is_own = 1 AND is_there = 1 AND gone_ms IS NULL AND removed_ms IS NULL
  AND durable_ms IS NULL AND sent < size;
