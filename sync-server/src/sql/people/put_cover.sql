INSERT INTO covers (id, scope, unit, delegate, absent, from_ms, until_ms, state)
VALUES (:id, :scope, :unit, :delegate, :absent, :from_ms, :until_ms, 'waiting')
ON CONFLICT (id) DO UPDATE SET until_ms = min(until_ms, excluded.until_ms);
