INSERT INTO unit_keys (scope, epoch, statement, certificate, recovery, at_ms)
VALUES (:scope, :epoch, :statement, :certificate, :recovery, :at_ms);
