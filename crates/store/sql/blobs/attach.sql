UPDATE blobs SET document = :document, draft = NULL
WHERE draft = :draft AND removed_ms IS NULL AND gone_ms IS NULL;
