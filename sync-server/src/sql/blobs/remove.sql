DELETE FROM blobs WHERE address = :address;
