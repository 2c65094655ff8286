-- Keys, people and devices: what the server remembers so that only the right eyes see its records.

-- The audit chain of the server (docs/adr/0025): who decided what, append-only, each row's hash covering the one before.
-- Ids and codes, never a name and never a person's words. What is erased is named by its keyed mark.
CREATE TABLE audit (
  position     INTEGER PRIMARY KEY,
  at_ms        INTEGER NOT NULL,
  by_kind      TEXT NOT NULL,                -- device | operator | server
  device       BLOB,
  staff        BLOB,
  scope        BLOB,                         -- the township it concerns; null where it concerns the server itself
  action       TEXT NOT NULL,
  object       TEXT NOT NULL,
  order_number INTEGER,
  hash         BLOB NOT NULL
);
CREATE INDEX audit_by_scope ON audit (scope, at_ms);
CREATE TRIGGER audit_rows_never_change BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows never change'); END;
CREATE TRIGGER audit_rows_never_go BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows never go'); END;

-- Tablets that two officers of the district opened (docs/adr/0024). The audit trail has the act; who the officers were and
-- why is kept here, sealed.
CREATE TABLE opened_tablets (
  id     BLOB PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  device BLOB,                               -- null when the tablet could not tell
  words  BLOB NOT NULL
);

-- Devices: why one was stopped, what it last said it holds unsent, and since when its newest certificate counts.
ALTER TABLE devices ADD COLUMN revoked_why TEXT;
ALTER TABLE devices ADD COLUMN unsent BLOB;
ALTER TABLE devices ADD COLUMN certified_ms INTEGER;

-- The review tray also takes what a stopped device hands over, for documents that are not here yet, too.
ALTER TABLE reviews ADD COLUMN kind TEXT;
ALTER TABLE reviews ADD COLUMN cause TEXT NOT NULL DEFAULT 'late';   -- late | revoked

-- Orders to wipe. The receipt is what the device signed right before it destroyed its keys.
CREATE TABLE wipes (
  device     BLOB PRIMARY KEY,
  number     INTEGER NOT NULL,
  ordered_ms INTEGER NOT NULL,
  receipt    BLOB,
  receipt_ms INTEGER
) WITHOUT ROWID;

-- What a wiped device could not hand over as changes, sealed to the district's recovery key.
CREATE TABLE wipe_remains (
  device BLOB NOT NULL,
  part   INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (device, part)
);

-- The audit chains of the devices, as they brought them: kept as they came. Two memories of one device that wrote the same
-- numbers are both here, so the hash is part of the name.
CREATE TABLE device_audit (
  place       INTEGER PRIMARY KEY,
  device      BLOB NOT NULL REFERENCES devices (id),
  incarnation BLOB NOT NULL,
  number      INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  at_ms       INTEGER NOT NULL,              -- by the device's clock
  staff       BLOB,
  action      TEXT NOT NULL,
  object      TEXT NOT NULL,
  detail      TEXT NOT NULL,
  received_ms INTEGER NOT NULL,
  UNIQUE (device, incarnation, number, hash)
);
CREATE INDEX device_audit_by_time ON device_audit (device, at_ms);
CREATE TRIGGER device_audit_rows_never_change BEFORE UPDATE ON device_audit
BEGIN SELECT RAISE(ABORT, 'audit rows never change'); END;
CREATE TRIGGER device_audit_rows_never_go BEFORE DELETE ON device_audit
BEGIN SELECT RAISE(ABORT, 'audit rows never go'); END;

-- The ends of those chains, each signed by its device: rows that are missing at an end are missed.
CREATE TABLE device_audit_heads (
  device      BLOB NOT NULL REFERENCES devices (id),
  incarnation BLOB NOT NULL,
  number      INTEGER NOT NULL,
  hash        BLOB NOT NULL,
  signature   BLOB NOT NULL,
  PRIMARY KEY (device, incarnation, number, hash)
);
CREATE TRIGGER device_audit_heads_never_change BEFORE UPDATE ON device_audit_heads
BEGIN SELECT RAISE(ABORT, 'audit heads never change'); END;
CREATE TRIGGER device_audit_heads_never_go BEFORE DELETE ON device_audit_heads
BEGIN SELECT RAISE(ABORT, 'audit heads never go'); END;

-- Exports a second person decides about. The words of the purpose are sealed; the rows themselves are never here.
CREATE TABLE exports (
  id           BLOB PRIMARY KEY,
  scope        BLOB NOT NULL REFERENCES scopes (id),
  device       BLOB NOT NULL,
  staff        BLOB NOT NULL,
  ledger       TEXT NOT NULL,
  unit         BLOB,
  purpose      TEXT NOT NULL,
  sealed       BLOB NOT NULL,
  fields       TEXT NOT NULL,                -- codes between spaces
  rows         INTEGER NOT NULL,
  full_numbers INTEGER NOT NULL,
  state        TEXT NOT NULL,                -- asked | approved | declined | used
  at_ms        INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL,
  decided_by   BLOB
);
CREATE INDEX exports_by_scope ON exports (scope, at_ms);
