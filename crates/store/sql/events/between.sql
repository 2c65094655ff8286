SELECT child, record, kind, session, household, unit, event_date, recorded_ms, met_or_reached, voided, made_by
FROM events WHERE event_date BETWEEN :first AND :last
ORDER BY event_date, recorded_ms, record;
