-- A page that has photos before it is saved and is no visit form: a step of a problem, an activity. What hangs on it is
-- found by `blobs.draft`, and comes back when the same page is opened again.
CREATE TABLE sheets (
  sheet     BLOB PRIMARY KEY,
  about     TEXT NOT NULL UNIQUE,            -- which page
  document  BLOB,                            -- the document it will be written to, where there is one already
  begun_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
