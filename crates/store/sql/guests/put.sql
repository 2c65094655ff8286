INSERT INTO guests (guest, document, unit, from_ms, until_ms)
VALUES (:guest, :document, :unit, :from_ms, :until_ms)
ON CONFLICT (guest, document) DO UPDATE SET until_ms = min(coalesce(until_ms, excluded.until_ms), coalesce(excluded.until_ms, until_ms));
