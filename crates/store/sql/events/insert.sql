-- One id names one record; should two entries claim it, the first stands and the document keeps both.
INSERT OR IGNORE INTO events (child, record, kind, session, household, unit, event_date, recorded_ms, met_or_reached, voided, made_by)
VALUES (:child, :record, :kind, :session, :household, :unit, :event_date, :recorded_ms, :met_or_reached, :voided, :made_by);
