INSERT INTO unit_keys (scope, epoch, public, statement, certificate)
VALUES (:scope, :epoch, :public, :statement, :certificate)
ON CONFLICT DO NOTHING;
