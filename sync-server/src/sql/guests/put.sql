INSERT INTO guests (id, document, scope, unit, from_ms, until_ms, state)
VALUES (:id, :document, :scope, :unit, :from_ms, :until_ms, 'waiting')
ON CONFLICT (id, document) DO UPDATE SET until_ms = min(coalesce(until_ms, excluded.until_ms), coalesce(excluded.until_ms, until_ms));
