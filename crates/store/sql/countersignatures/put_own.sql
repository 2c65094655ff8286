INSERT OR REPLACE INTO own_countersignatures (problem, closing, packed, reason, at_ms)
VALUES (:problem, :closing, :packed, :reason, :at_ms);
