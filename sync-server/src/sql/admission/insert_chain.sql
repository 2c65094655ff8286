INSERT INTO chains (device, incarnation, scope) VALUES (:device, :incarnation, :scope);
