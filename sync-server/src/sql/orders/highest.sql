SELECT coalesce(max(number), 0) FROM orders WHERE scope = :scope;
