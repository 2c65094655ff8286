SELECT id, scope, unit, delegate, absent, from_ms, until_ms, state, seq FROM covers WHERE id = :id;
