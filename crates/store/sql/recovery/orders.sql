SELECT body, signature FROM orders ORDER BY number, body;
