-- What has left is in other hands; what of it was made here and not acknowledged goes with the outbox.
SELECT document, generation, heads FROM documents
WHERE document > :after AND left_ms IS NULL
ORDER BY document LIMIT :most;
