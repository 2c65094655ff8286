-- One that was ended before it began never was.
SELECT 1 FROM guests
WHERE document = :document AND unit = :unit AND from_ms <= :now_ms AND (until_ms IS NULL OR until_ms > from_ms);
