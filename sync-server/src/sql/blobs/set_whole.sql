UPDATE blobs SET received = size, place = (SELECT last FROM blob_places)
WHERE address = :address AND place IS NULL;
