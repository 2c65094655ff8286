SELECT 1 FROM orders WHERE scope = :scope AND number = :number;
