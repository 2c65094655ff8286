INSERT INTO returns (scope, carrier, author, changes) VALUES (:scope, :carrier, :author, 1)
ON CONFLICT (scope, carrier, author) DO UPDATE SET changes = changes + 1;
