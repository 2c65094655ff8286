SELECT child, record, kind, session, household, unit, event_date, recorded_ms, met_or_reached, voided, made_by
FROM events WHERE child = :child
ORDER BY event_date DESC, recorded_ms DESC, record;
