SELECT 1 FROM changes WHERE hash = :hash AND state = 'durable';
