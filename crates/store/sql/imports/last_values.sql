SELECT field, value FROM imported_values WHERE document = :document ORDER BY field;
