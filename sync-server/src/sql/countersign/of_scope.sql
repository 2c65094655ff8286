SELECT problem, closing, verdict, at_ms, staff, name, epoch, reason FROM countersignatures
WHERE problem IN (SELECT id FROM documents WHERE scope = :scope) ORDER BY at_ms DESC, closing LIMIT :most;
