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

-- People and grants (docs/adr/0028). A unit's id is for ever; its name and code are dated. 'units' has the present ones.
ALTER TABLE units ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE units ADD COLUMN closed_ms INTEGER;
ALTER TABLE units ADD COLUMN successor BLOB;
ALTER TABLE units ADD COLUMN split_from BLOB;

CREATE TABLE unit_names (
  unit     BLOB NOT NULL REFERENCES units (id),
  until_ms INTEGER NOT NULL,
  name     TEXT NOT NULL,
  region   TEXT NOT NULL,
  PRIMARY KEY (unit, until_ms)
) WITHOUT ROWID;

-- Who is appointed to what, from when to when. One at most of a person's is open. Who approved it, the number of the
-- approval and that of the vetting are sealed; what the vetting says is nowhere. Whoever worked before there were grants
-- has one from their first day, by nobody known.
CREATE TABLE grants (
  id         BLOB PRIMARY KEY,
  staff      BLOB NOT NULL REFERENCES staff (id),
  from_ms    INTEGER NOT NULL,
  until_ms   INTEGER,
  ended_ms   INTEGER,
  end_reason TEXT,
  words      BLOB,
  vetted_on  TEXT,
  vetting    BLOB,
  vetted_by  BLOB REFERENCES staff (id),
  granted_by BLOB REFERENCES staff (id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX grants_open ON grants (staff) WHERE ended_ms IS NULL;
CREATE INDEX grants_by_staff ON grants (staff, from_ms);
CREATE INDEX grants_by_end ON grants (until_ms) WHERE ended_ms IS NULL AND until_ms IS NOT NULL;
INSERT INTO grants (id, staff, from_ms)
SELECT id, id, since_ms FROM staff;

-- Who stands in for a village. A running one is what the delegate's access is decided by.
CREATE TABLE covers (
  id       BLOB PRIMARY KEY,
  scope    BLOB NOT NULL REFERENCES scopes (id),
  unit     BLOB NOT NULL,
  delegate BLOB NOT NULL,
  absent   BLOB,
  from_ms  INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  state    TEXT NOT NULL,                    -- waiting | running | over
  seq      INTEGER                           -- the log's number when it began to run
) WITHOUT ROWID;
CREATE UNIQUE INDEX covers_running ON covers (delegate) WHERE state = 'running';
CREATE INDEX covers_by_state ON covers (scope, state);

-- Files somebody asked to erase (docs/adr/0029). Which child and why are sealed, and go when it is decided.
CREATE TABLE erasures (
  id         BLOB PRIMARY KEY,
  scope      BLOB NOT NULL REFERENCES scopes (id),
  staff      BLOB NOT NULL,
  basis      TEXT NOT NULL,
  documents  INTEGER NOT NULL,
  sealed     BLOB,                           -- null once decided
  state      TEXT NOT NULL,                  -- asked | ordered | declined
  at_ms      INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  decided_by BLOB,
  decided_ms INTEGER,
  last_order INTEGER                         -- the last of its orders, once ordered
);
CREATE INDEX erasures_by_scope ON erasures (scope, at_ms);

-- Documents that must be kept, whoever asks for their end: what the last order about each says.
CREATE TABLE holds (
  document BLOB PRIMARY KEY,
  scope    BLOB NOT NULL,
  held     INTEGER NOT NULL,
  at_ms    INTEGER NOT NULL,
  staff    BLOB,                             -- null when it came back with a device after a restore
  sealed   BLOB                              -- why; with the child's own document alone
) WITHOUT ROWID;

-- A change that goes is looked for in the log; without this that reads the whole of it.
CREATE INDEX log_by_change ON log (change_id) WHERE change_id IS NOT NULL;
