-- Two orders under one step were given by two memories of the server: the later one holds.
INSERT INTO ordered_moves (document, step, from_unit, to_unit, at_ms) VALUES (:document, :step, :from_unit, :to_unit, :at_ms)
ON CONFLICT (document, step) DO UPDATE
SET from_unit = excluded.from_unit, to_unit = excluded.to_unit, at_ms = excluded.at_ms
WHERE excluded.at_ms > at_ms;
