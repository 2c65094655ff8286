SELECT inventory_due, hold, since_ms, returned, unexplained FROM recovery WHERE scope = :scope;
