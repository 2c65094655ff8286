SELECT number, hash FROM audit WHERE incarnation = :incarnation ORDER BY number DESC LIMIT 1;
