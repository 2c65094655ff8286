INSERT INTO cases (id, scope, problem, device, at_ms, epoch, reason, state)
VALUES (:id, :scope, :problem, :device, :at_ms, :epoch, :reason, 'asked') ON CONFLICT (id) DO NOTHING;
