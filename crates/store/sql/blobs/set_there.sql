UPDATE blobs SET is_there = 1 WHERE address = :address;
