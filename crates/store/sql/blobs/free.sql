-- Thumbnails and signatures are small and stay.
UPDATE blobs SET is_own = 0, is_there = 0
WHERE kind IN ('photo', 'audio') AND is_there = 1 AND gone_ms IS NULL
  AND CASE is_own WHEN 1 THEN durable_ms <= :before_ms ELSE added_ms <= :before_ms END;
