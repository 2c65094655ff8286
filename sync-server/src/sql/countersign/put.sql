INSERT OR REPLACE INTO countersignatures (problem, closing, verdict, at_ms, staff, name, epoch, reason)
VALUES (:problem, :closing, :verdict, :at_ms, :staff, :name, :epoch, :reason);
