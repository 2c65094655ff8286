UPDATE blobs SET refusal = :refusal WHERE address = :address;
