-- The first shape: an organisation, its devices and codes, documents without their meaning, and one numbered log per scope.
-- Change bodies, heads and waiting envelopes are sealed; what stands open here is what access decisions and admission read.

CREATE TABLE settings (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE scopes (
  id               BLOB PRIMARY KEY,
  last_seq         INTEGER NOT NULL DEFAULT 0,
  next_file_number INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;

CREATE TABLE units (
  id     BLOB PRIMARY KEY,
  scope  BLOB,
  parent BLOB REFERENCES units (id),
  level  TEXT NOT NULL,
  name   TEXT NOT NULL,
  region TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE staff (
  id       BLOB PRIMARY KEY,
  unit     BLOB NOT NULL REFERENCES units (id),
  scope    BLOB NOT NULL REFERENCES scopes (id),
  role     TEXT NOT NULL,
  name     TEXT NOT NULL,
  since_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE devices (
  id          BLOB PRIMARY KEY,
  staff       BLOB NOT NULL REFERENCES staff (id),
  public_key  BLOB NOT NULL UNIQUE,
  file_first  INTEGER NOT NULL,
  file_last   INTEGER NOT NULL,
  enrolled_ms INTEGER NOT NULL,
  seen_ms     INTEGER,
  revoked_ms  INTEGER
) WITHOUT ROWID;

CREATE TABLE enrolments (
  id           BLOB PRIMARY KEY,
  unit         BLOB NOT NULL REFERENCES units (id),
  role         TEXT NOT NULL,
  person       TEXT NOT NULL,
  locator      TEXT NOT NULL,
  secrets      BLOB NOT NULL,
  created_ms   INTEGER NOT NULL,
  expires_ms   INTEGER NOT NULL,
  state        TEXT NOT NULL,
  starts       INTEGER NOT NULL DEFAULT 0,
  wrong        INTEGER NOT NULL DEFAULT 0,
  device_key   BLOB,
  device_nonce BLOB,
  server_nonce BLOB,
  commitment   BLOB,
  compare_code TEXT,
  used_proof   BLOB,
  device       BLOB REFERENCES devices (id)
) WITHOUT ROWID;

CREATE INDEX enrolments_by_locator ON enrolments (locator, expires_ms);

CREATE TABLE documents (
  id         BLOB PRIMARY KEY,
  scope      BLOB NOT NULL REFERENCES scopes (id),
  home_unit  BLOB NOT NULL REFERENCES units (id),
  kind       TEXT NOT NULL,
  rank       INTEGER NOT NULL,
  generation INTEGER NOT NULL,
  schema     INTEGER NOT NULL,
  birth_unit BLOB NOT NULL,
  birth_generation INTEGER NOT NULL,
  creator    BLOB NOT NULL,
  bytes      INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Snapshots walk a scope in this order: households, children, then the rest.
CREATE INDEX documents_in_order ON documents (scope, rank, id);

CREATE TABLE document_keys (
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  wrapped    BLOB NOT NULL,
  PRIMARY KEY (document, generation)
) WITHOUT ROWID;

-- A rowid table: bodies in a WITHOUT ROWID table cost five times the space.
CREATE TABLE changes (
  id         INTEGER PRIMARY KEY,
  document   BLOB NOT NULL REFERENCES documents (id),
  generation INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  actor      BLOB NOT NULL,
  actor_seq  INTEGER NOT NULL,
  max_op     INTEGER NOT NULL,
  device     BLOB NOT NULL,
  seq        INTEGER NOT NULL,
  at_ms      INTEGER NOT NULL,
  raw_bytes  INTEGER NOT NULL,
  body       BLOB NOT NULL
);

CREATE UNIQUE INDEX changes_by_hash ON changes (document, generation, hash);
CREATE UNIQUE INDEX changes_by_actor ON changes (document, actor, actor_seq);

-- Every head that took a place in a chain, with what became of it.
CREATE TABLE heads (
  hash        BLOB PRIMARY KEY,
  device      BLOB NOT NULL REFERENCES devices (id),
  incarnation BLOB NOT NULL,
  scope       BLOB NOT NULL,
  dev_seq     INTEGER NOT NULL,
  state       TEXT NOT NULL,
  seq         INTEGER,
  code        TEXT
) WITHOUT ROWID;

CREATE UNIQUE INDEX heads_in_chain ON heads (device, incarnation, scope, dev_seq);

CREATE TABLE held (
  id         INTEGER PRIMARY KEY,
  head_hash  BLOB NOT NULL UNIQUE REFERENCES heads (hash),
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  body       BLOB NOT NULL
);

CREATE INDEX held_by_document ON held (document, id);

CREATE TABLE policies (
  id   TEXT PRIMARY KEY,
  json TEXT NOT NULL
) WITHOUT ROWID;

-- kind: change | member | policy. A change entry names its change; a member entry carries its record.
CREATE TABLE log (
  scope     BLOB NOT NULL REFERENCES scopes (id),
  seq       INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  change_id INTEGER REFERENCES changes (id),
  record    BLOB,
  PRIMARY KEY (scope, seq)
) WITHOUT ROWID;
