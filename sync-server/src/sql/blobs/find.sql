SELECT document, size, digest, received, place FROM blobs WHERE address = :address;
