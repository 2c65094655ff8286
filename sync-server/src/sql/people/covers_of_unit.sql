SELECT id, scope, unit, delegate, absent, from_ms, until_ms, state, seq FROM covers WHERE unit = :unit AND state <> 'over' ORDER BY from_ms, id;
