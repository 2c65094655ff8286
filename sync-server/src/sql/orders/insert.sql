INSERT INTO orders (scope, number, sealed, reason) VALUES (:scope, :number, :sealed, :reason);
