SELECT at_ms FROM audit ORDER BY position DESC LIMIT 1;
