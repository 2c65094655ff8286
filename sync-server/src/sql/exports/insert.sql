INSERT INTO exports (id, scope, device, staff, ledger, unit, purpose, sealed, fields, rows, full_numbers, state, at_ms, expires_ms)
VALUES (:id, :scope, :device, :staff, :ledger, :unit, :purpose, :sealed, :fields, :rows, :full_numbers, 'asked', :at_ms, :expires_ms)
ON CONFLICT (id) DO NOTHING;
