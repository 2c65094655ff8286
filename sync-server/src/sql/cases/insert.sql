INSERT INTO cases (id, scope, problem, device, at_ms, epoch, reason, reason_digest, state)
VALUES (:id, :scope, :problem, :device, :at_ms, :epoch, :reason, :reason_digest, 'asked') ON CONFLICT (id) DO NOTHING;
