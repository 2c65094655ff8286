SELECT problem, closing, packed, reason, at_ms, taken, refused FROM own_countersignatures ORDER BY at_ms, problem, closing;
