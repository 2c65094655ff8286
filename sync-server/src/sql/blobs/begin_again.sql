UPDATE blobs SET received = 0, place = NULL WHERE address = :address;
