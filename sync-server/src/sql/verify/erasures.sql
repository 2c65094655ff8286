SELECT id, sealed, state, basis, documents FROM erasures ORDER BY id;
