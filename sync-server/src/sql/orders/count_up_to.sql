SELECT count(*) FROM orders WHERE scope = :scope AND number <= :number;
