SELECT record_kind, count(DISTINCT record_id) AS records
FROM changes
WHERE origin = 'local' AND record_id IS NOT NULL AND record_kind IS NOT NULL AND stored_ms >= :since_ms
GROUP BY record_kind;
