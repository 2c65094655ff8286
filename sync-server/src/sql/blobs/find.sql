SELECT document, size, digest, received, place, device FROM blobs WHERE address = :address;
