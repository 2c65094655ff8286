-- What was taken off a form a day ago, and what hangs on a form or a sheet that is no more.
UPDATE blobs SET gone_ms = :now_ms, key = zeroblob(32)
WHERE document IS NULL AND is_own = 1 AND gone_ms IS NULL
  AND (removed_ms <= :removed_before_ms
       OR draft NOT IN (SELECT draft FROM drafts UNION ALL SELECT sheet FROM sheets));
