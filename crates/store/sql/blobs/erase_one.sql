UPDATE blobs SET gone_ms = :at_ms, key = zeroblob(32) WHERE address = :address;
