SELECT coalesce(max(max(at_ms, coalesce(answered_ms, 0), coalesce(fetched_ms, 0))), 0) FROM cases
WHERE (:scope IS NULL OR scope = :scope) AND (:device IS NULL OR device = :device);
