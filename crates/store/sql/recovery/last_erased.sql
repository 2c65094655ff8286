SELECT max(at_ms) AS at_ms FROM erased;
