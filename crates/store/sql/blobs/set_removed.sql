UPDATE blobs SET removed_ms = :removed_ms
WHERE draft = :draft AND (address = :address OR address = (SELECT thumb FROM blobs WHERE address = :address));
