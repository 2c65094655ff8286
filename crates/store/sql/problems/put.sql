INSERT OR REPLACE INTO problems (problem, unit, type, severity, urgency, card, reported_ms)
VALUES (:problem, :unit, :type, :severity, :urgency, :card, :reported_ms);
