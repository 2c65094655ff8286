SELECT id, scope, problem, device, at_ms, epoch, reason, state, answered_by, answered_ms, number, until_ms, fetched_ms, declined
FROM cases WHERE scope = :scope AND (:device IS NULL OR device = :device) ORDER BY at_ms DESC, id LIMIT :most;
