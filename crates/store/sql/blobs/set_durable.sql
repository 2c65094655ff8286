UPDATE blobs SET sent = size, durable_ms = :durable_ms WHERE address = :address;
