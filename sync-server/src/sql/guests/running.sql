SELECT unit, seq FROM guests
WHERE document = :document AND state = 'running' AND (until_ms IS NULL OR until_ms > :now_ms);
