SELECT id, scope, unit, delegate, absent, from_ms, until_ms, state, seq
FROM covers
WHERE scope = :scope
  AND ((state = 'waiting' AND from_ms <= :now_ms) OR (state = 'running' AND until_ms <= :now_ms))
ORDER BY state, from_ms, id;
