SELECT address FROM blobs WHERE document = :document;
