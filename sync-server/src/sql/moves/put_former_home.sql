INSERT INTO document_homes (document, unit, scope, to_ms) VALUES (:document, :unit, :scope, :to_ms)
ON CONFLICT (document, unit) DO UPDATE SET to_ms = excluded.to_ms;
