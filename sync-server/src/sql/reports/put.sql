INSERT INTO reports (scope, device, taken_ms, sealed) VALUES (:scope, :device, :taken_ms, :sealed)
ON CONFLICT (scope) DO UPDATE SET
  device = excluded.device, taken_ms = max(excluded.taken_ms, reports.taken_ms + 1), sealed = excluded.sealed;
