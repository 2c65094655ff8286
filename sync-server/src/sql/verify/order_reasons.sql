SELECT scope, number, reason FROM orders ORDER BY scope, number;
