SELECT id, document, scope, unit, from_ms, until_ms, state FROM guests WHERE unit = :unit AND state <> 'over' ORDER BY from_ms, id, document;
