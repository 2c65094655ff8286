-- What people and grants, the sealing of restricted documents, and retention need at the server.

-- Sealing (docs/adr/0027): the keys of a station, and their secret halves, each sealed to one device or to the district.
CREATE TABLE unit_keys (
  scope       BLOB NOT NULL REFERENCES scopes (id),
  epoch       INTEGER NOT NULL,
  statement   BLOB NOT NULL,
  certificate BLOB NOT NULL,                 -- of whoever made it
  recovery    BLOB NOT NULL,                 -- sealed to the district
  at_ms       INTEGER NOT NULL,
  PRIMARY KEY (scope, epoch)
) WITHOUT ROWID;
CREATE TABLE unit_key_wraps (
  scope  BLOB NOT NULL,
  epoch  INTEGER NOT NULL,
  device BLOB NOT NULL,
  sealed BLOB NOT NULL,
  at_ms  INTEGER NOT NULL,
  PRIMARY KEY (scope, epoch, device)
) WITHOUT ROWID;
CREATE INDEX unit_key_wraps_by_device ON unit_key_wraps (scope, device);
