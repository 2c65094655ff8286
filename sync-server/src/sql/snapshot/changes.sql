SELECT hash, body, seq, at_ms FROM changes
WHERE document = :document AND generation = :generation
ORDER BY seq;
