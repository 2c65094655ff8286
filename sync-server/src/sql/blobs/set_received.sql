UPDATE blobs SET received = :received WHERE address = :address AND place IS NULL;
