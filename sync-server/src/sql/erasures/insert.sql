INSERT INTO erasures (id, scope, staff, basis, documents, sealed, state, at_ms, expires_ms)
VALUES (:id, :scope, :staff, :basis, :documents, :sealed, 'asked', :at_ms, :expires_ms)
ON CONFLICT (id) DO NOTHING;
