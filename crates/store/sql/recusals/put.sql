INSERT INTO recusals (recusal, document, staff, stead, from_ms, until_ms)
VALUES (:recusal, :document, :staff, :stead, :from_ms, :until_ms)
ON CONFLICT (recusal, document) DO UPDATE SET until_ms = min(coalesce(until_ms, excluded.until_ms), coalesce(excluded.until_ms, until_ms));
