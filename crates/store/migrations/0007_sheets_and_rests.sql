-- A page that has photos before it is saved and is no visit form: a step of a problem, an activity. What hangs on it is
-- found by `blobs.draft`, and comes back when the same page is opened again.
CREATE TABLE sheets (
  sheet     BLOB PRIMARY KEY,
  about     TEXT NOT NULL UNIQUE,            -- which page
  document  BLOB,                            -- the document it will be written to, where there is one already
  begun_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Documents of files that ended long enough ago: not kept on this device any more, whole at the server, and asked for again
-- when something new is said in one (ADR 0038).
CREATE TABLE rests (
  document  BLOB PRIMARY KEY,
  family    BLOB NOT NULL,                   -- household, or the child itself: what comes back, comes back together
  wanted    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
