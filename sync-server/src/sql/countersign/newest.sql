SELECT coalesce(max(at_ms), 0) FROM countersignatures
WHERE problem IN (SELECT id FROM documents WHERE :scope IS NULL OR scope = :scope);
