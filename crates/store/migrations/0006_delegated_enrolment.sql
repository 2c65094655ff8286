-- What the server last let this station enrol without it (ADR 0031), as it signed it; one at most.
CREATE TABLE delegation (
  only      INTEGER PRIMARY KEY CHECK (only = 1),
  statement BLOB NOT NULL
) STRICT;

-- The tablets this station enrolled without the server: which place, which key, what it signed, and whether the trail
-- that says so went out.
CREATE TABLE delegated (
  device      BLOB PRIMARY KEY,
  key         BLOB NOT NULL UNIQUE,
  certificate BLOB NOT NULL,
  at_ms       INTEGER NOT NULL,
  told        INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
