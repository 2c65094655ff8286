INSERT OR REPLACE INTO recovery (scope, inventory_due, hold, since_ms, returned, unexplained)
VALUES (:scope, :inventory_due, :hold, :since_ms, :returned, :unexplained);
