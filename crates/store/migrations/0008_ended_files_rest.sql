-- Documents of files that ended long enough ago: not kept on this device any more, whole at the server, and asked for again
-- when something new is said in one (ADR 0038).
CREATE TABLE rests (
  document  BLOB PRIMARY KEY,
  family    BLOB NOT NULL,                   -- household, or the child itself: what comes back, comes back together
  wanted    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
