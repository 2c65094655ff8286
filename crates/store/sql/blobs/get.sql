SELECT * FROM blobs WHERE address = :address AND gone_ms IS NULL;
