SELECT id, device, staff, ledger, unit, purpose, sealed, fields, rows, full_numbers, state, at_ms, expires_ms, decided_by
FROM exports WHERE id = :id AND scope = :scope;
