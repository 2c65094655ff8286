-- What the sealing of restricted documents, retention, and the whole file need on a device.

-- Sealing (docs/adr/0027): the station's keys this device believes, and of those that were given to it the secret half.
CREATE TABLE unit_keys (
  scope       BLOB NOT NULL,
  epoch       INTEGER NOT NULL,
  public      BLOB NOT NULL,
  statement   BLOB NOT NULL,
  certificate BLOB NOT NULL,
  secret      BLOB,
  PRIMARY KEY (scope, epoch)
) STRICT, WITHOUT ROWID;

-- What a unit was called before, a line for each: code and name (docs/adr/0028).
ALTER TABLE units ADD COLUMN former TEXT;
