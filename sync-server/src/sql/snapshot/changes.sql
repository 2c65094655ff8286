SELECT hash, body, seq, at_ms, segment FROM changes
WHERE document = :document AND generation = :generation AND seq > 0
ORDER BY id;
