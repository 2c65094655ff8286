SELECT hash FROM audit WHERE incarnation IS NULL ORDER BY position DESC LIMIT 1;
