SELECT scope, number, sealed FROM orders ORDER BY scope, number;
