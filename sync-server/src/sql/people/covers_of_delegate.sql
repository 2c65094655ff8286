SELECT id, scope, unit, delegate, absent, from_ms, until_ms, state, seq FROM covers WHERE delegate = :delegate AND state <> 'over' ORDER BY from_ms, id;
