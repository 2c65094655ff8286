INSERT INTO delegation (only, statement) VALUES (1, :statement)
ON CONFLICT (only) DO UPDATE SET statement = excluded.statement;
