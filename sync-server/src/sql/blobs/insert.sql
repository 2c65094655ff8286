INSERT INTO blobs (address, document, device, size, digest, offered_ms)
VALUES (:address, :document, :device, :size, :digest, :offered_ms);
