SELECT number, sealed FROM orders WHERE scope = :scope ORDER BY number;
