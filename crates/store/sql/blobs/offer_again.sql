UPDATE blobs SET sent = 0, durable_ms = NULL, refusal = NULL WHERE is_own = 1 AND is_there = 1;
