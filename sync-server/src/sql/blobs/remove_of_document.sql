DELETE FROM blobs WHERE document = :document;
