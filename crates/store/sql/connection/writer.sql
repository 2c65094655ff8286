-- Readers never wait for the writer, and a commit is one append.
PRAGMA journal_mode = WAL;
-- WAL with NORMAL may lose the last commits on a power cut; what was called saved must be there.
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
-- Temporary tables and sorters would otherwise be plain files.
PRAGMA temp_store = MEMORY;
-- Erased rows are overwritten, so that a purge is one.
PRAGMA secure_delete = ON;
-- A damaged page is an error, not a guess.
PRAGMA cell_size_check = ON;
-- Views and triggers of a tampered schema may not call functions with side effects.
PRAGMA trusted_schema = OFF;
PRAGMA journal_size_limit = 4194304;
PRAGMA busy_timeout = 5000;
