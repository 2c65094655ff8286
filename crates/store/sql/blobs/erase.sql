UPDATE blobs SET gone_ms = :at_ms, key = zeroblob(32)
WHERE document = :document
   OR draft IN (SELECT draft FROM drafts WHERE household = :document
                UNION ALL SELECT sheet FROM sheets WHERE document = :document);
