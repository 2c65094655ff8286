SELECT hash, document, reason, at_ms FROM quarantine ORDER BY at_ms, hash;
