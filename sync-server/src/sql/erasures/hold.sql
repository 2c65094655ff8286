INSERT INTO holds (document, scope, held, at_ms) VALUES (:document, :scope, :held, :at_ms)
ON CONFLICT (document) DO UPDATE SET scope = excluded.scope, held = excluded.held, at_ms = excluded.at_ms, staff = NULL, sealed = NULL
WHERE excluded.at_ms >= holds.at_ms;
