SELECT events.child, events.record, events.kind, events.session, events.household, events.unit, events.event_date,
       events.recorded_ms, events.met_or_reached, events.voided, events.made_by, changes.stored_ms
FROM events JOIN changes ON changes.hash = events.made_by
WHERE changes.origin <> 'local'
ORDER BY changes.stored_ms DESC, events.recorded_ms DESC, events.record
LIMIT :most;
