INSERT INTO unit_keys (scope, epoch, statement, certificate, recovery, digest, at_ms)
VALUES (:scope, :epoch, :statement, :certificate, :recovery, :digest, :at_ms);
