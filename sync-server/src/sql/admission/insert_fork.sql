INSERT INTO forks (device, incarnation, scope) VALUES (:device, :incarnation, :scope)
ON CONFLICT (device, incarnation, scope) DO NOTHING;
