UPDATE blobs SET sent = :sent WHERE address = :address;
