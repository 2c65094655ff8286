INSERT INTO recusals (id, document, scope, staff, stead, from_ms, until_ms)
VALUES (:id, :document, :scope, :staff, :stead, :from_ms, :until_ms)
ON CONFLICT (id, document) DO UPDATE SET until_ms = min(coalesce(until_ms, excluded.until_ms), coalesce(excluded.until_ms, until_ms));
