SELECT id, scope, problem, device, at_ms, epoch, reason, state, answered_by, answered_ms, number, until_ms, fetched_ms, declined
FROM cases WHERE id = :id;
