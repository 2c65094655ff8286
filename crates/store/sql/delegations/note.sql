INSERT INTO delegated (device, key, certificate, at_ms) VALUES (:device, :key, :certificate, :at_ms);
