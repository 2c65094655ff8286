SELECT sealed FROM orders WHERE scope = :scope AND number = :number;
