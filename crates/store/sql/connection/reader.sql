-- A reader that tries to write is a bug and is told so.
PRAGMA query_only = ON;
-- Only the writer checkpoints.
PRAGMA wal_autocheckpoint = 0;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
PRAGMA busy_timeout = 5000;
