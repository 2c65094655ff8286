INSERT INTO unit_key_wraps (scope, epoch, device, sealed, digest, at_ms)
VALUES (:scope, :epoch, :device, :sealed, :digest, :at_ms)
ON CONFLICT DO NOTHING
RETURNING 1;
