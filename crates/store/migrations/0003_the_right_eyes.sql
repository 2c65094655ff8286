-- Keys, people and devices: what a device remembers so that only the right eyes see its records.

-- What this device itself was told: that it is stopped, that it is to be wiped; and since when it was in contact, by a
-- clock that never goes back (docs/adr/0023).
CREATE TABLE standing (
  only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
  revoked_ms      INTEGER,
  wipe_order      INTEGER,
  wipe_receipted  INTEGER NOT NULL DEFAULT 0,
  clock_ms        INTEGER NOT NULL DEFAULT 0,
  contact_ms      INTEGER,
  contact_wall_ms INTEGER
) STRICT;
INSERT INTO standing (only_row, clock_ms, contact_ms, contact_wall_ms)
VALUES (1, coalesce((SELECT last_success_ms FROM sync_status), 0),
        (SELECT last_success_ms FROM sync_status), (SELECT last_success_ms FROM sync_status));

-- The audit chain belongs to a memory of the device (incarnation), counts its rows, and says more where a code and an id are
-- not enough (docs/adr/0025). Rows from before a device was enrolled, or from before this, have neither and stay here.
ALTER TABLE audit ADD COLUMN incarnation BLOB;
ALTER TABLE audit ADD COLUMN number INTEGER;
ALTER TABLE audit ADD COLUMN detail TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX audit_by_chain ON audit (incarnation, number) WHERE incarnation IS NOT NULL;
CREATE INDEX audit_by_object ON audit (object, at_ms);

-- How far the server has each chain, by its own word, and in which of its memories it said so.
CREATE TABLE audit_sent (
  incarnation BLOB PRIMARY KEY NOT NULL,
  number      INTEGER NOT NULL,
  epoch       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was exported here: who asked is in the audit chain, the file itself stays for some minutes only.
CREATE TABLE exports (
  id           BLOB PRIMARY KEY NOT NULL,
  number       TEXT NOT NULL,
  made_ms      INTEGER NOT NULL,
  until_ms     INTEGER NOT NULL,
  ledger       TEXT NOT NULL,
  purpose      TEXT NOT NULL,
  words        TEXT NOT NULL,
  rows         INTEGER NOT NULL,
  full_numbers INTEGER NOT NULL,
  file_name    TEXT NOT NULL,
  file         BLOB                          -- encrypted with a password that is kept nowhere; null once its time is over
) STRICT;
