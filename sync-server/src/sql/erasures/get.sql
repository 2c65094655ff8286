SELECT id, staff, basis, documents, sealed, state, at_ms, expires_ms, decided_by, decided_ms, last_order
FROM erasures WHERE id = :id AND scope = :scope;
