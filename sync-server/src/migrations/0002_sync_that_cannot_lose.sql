-- What the server remembers so that nothing is lost: an inbox, quarantine, orders, moves, blobs, compacted changes.

-- The inbox: a change under the number 0 is on the disk and waits for the admission worker (docs/adr/0013).
ALTER TABLE heads ADD COLUMN change_id INTEGER;
CREATE INDEX heads_by_waiting_change ON heads (change_id) WHERE change_id IS NOT NULL AND seq IS NULL;
CREATE INDEX changes_waiting ON changes (document, id) WHERE seq = 0;

-- What the worker could not take, kept sealed until a person looks.
CREATE TABLE set_aside (
  head_hash  BLOB PRIMARY KEY REFERENCES heads (hash),
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  device     BLOB NOT NULL REFERENCES devices (id),
  verdict    TEXT NOT NULL,
  at_ms      INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  body       BLOB NOT NULL
);

-- Epochs: the server's memories. The first has no beginning; each later one began because the server was set back to an
-- older copy. 'lost' is one this copy knows only from a signed tick: it began after the copy was made.
CREATE TABLE epochs (
  epoch    INTEGER PRIMARY KEY,
  began_ms INTEGER NOT NULL,
  cause    TEXT NOT NULL                     -- first | tick | certificate | restored | lost
);

-- How a scope gathers what was lost. While released_ms is null everything is taken and nothing is shown.
CREATE TABLE recoveries (
  scope         BLOB PRIMARY KEY REFERENCES scopes (id),
  lost_epoch    INTEGER NOT NULL,
  since_ms      INTEGER NOT NULL,
  from_seq      INTEGER NOT NULL,            -- the log's last number when the epoch began
  proven_seq    INTEGER NOT NULL DEFAULT 0,  -- the highest number of the lost log that a signed tick proves
  proven_orders INTEGER NOT NULL DEFAULT 0,
  explained     INTEGER NOT NULL DEFAULT 0,  -- entries of the lost log that came back
  station_ms    INTEGER,                     -- a station's device has given all it has
  released_ms   INTEGER,
  released_by   TEXT                         -- orders | operator
) WITHOUT ROWID;

-- Changes that came back, by who brought them and who had made them.
CREATE TABLE returns (
  scope   BLOB NOT NULL REFERENCES scopes (id),
  carrier BLOB NOT NULL,
  author  BLOB NOT NULL,
  changes INTEGER NOT NULL,
  PRIMARY KEY (scope, carrier, author)
) WITHOUT ROWID;

-- In which epoch the device itself put the head into its chain; null when another brought it, or before there were epochs.
ALTER TABLE heads ADD COLUMN epoch INTEGER;

-- Chains two memories were seen to write: a device was copied, or set back and used.
CREATE TABLE forks (
  device      BLOB NOT NULL,
  incarnation BLOB NOT NULL,
  scope       BLOB NOT NULL,
  PRIMARY KEY (device, incarnation, scope)
) WITHOUT ROWID;

-- Orders, sealed: they name documents that are no more.
CREATE TABLE orders (
  scope  BLOB NOT NULL REFERENCES scopes (id),
  number INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  reason BLOB,                               -- sealed; what the operator said, kept here alone
  PRIMARY KEY (scope, number)
) WITHOUT ROWID;

-- An erased document is known by a keyed hash of its id alone.
CREATE TABLE erased (
  mark       BLOB PRIMARY KEY,
  generation INTEGER NOT NULL
) WITHOUT ROWID;

-- Devices an order revoked, also those this copy does not know yet.
CREATE TABLE revoked (
  device BLOB PRIMARY KEY,
  at_ms  INTEGER NOT NULL
) WITHOUT ROWID;

-- Returned work: what was not taken from a device and is not settled since. For the station: who, when and why, never what.
CREATE TABLE refusals (
  head_hash BLOB PRIMARY KEY,
  device    BLOB NOT NULL REFERENCES devices (id),
  kind      TEXT,
  code      TEXT NOT NULL,
  at_ms     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX refusals_by_device ON refusals (device);

-- Growth: bodies of old changes lie together in segments; a change's row stays and names its segment.
CREATE TABLE segments (
  id         INTEGER PRIMARY KEY,
  document   BLOB NOT NULL REFERENCES documents (id),
  generation INTEGER NOT NULL,
  changes    INTEGER NOT NULL,
  body       BLOB NOT NULL
);

CREATE INDEX segments_by_document ON segments (document, generation);

ALTER TABLE changes ADD COLUMN segment INTEGER;

-- A change's hash covers its actor, and the actor its document: the hash alone is unique.
DROP INDEX changes_by_hash;
CREATE UNIQUE INDEX changes_by_hash ON changes (hash);

-- What bodies are compressed with. A dictionary never changes and is never removed.
CREATE TABLE dictionaries (
  id    INTEGER PRIMARY KEY,
  bytes BLOB NOT NULL
);

-- Blobs: photos, signatures, recordings. Their bytes are files beside the database, sealed by whoever made them under a
-- key that stands in the document they belong to. 'place' numbers the whole ones in the order they became whole.
CREATE TABLE blobs (
  address    BLOB PRIMARY KEY,
  document   BLOB NOT NULL REFERENCES documents (id),
  device     BLOB NOT NULL,
  size       INTEGER NOT NULL,
  digest     BLOB NOT NULL,
  received   INTEGER NOT NULL DEFAULT 0,
  offered_ms INTEGER NOT NULL,
  place      INTEGER
) WITHOUT ROWID;

-- A place is given once, also when the blob that had it was erased.
CREATE TABLE blob_places (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  last     INTEGER NOT NULL
);
INSERT INTO blob_places (only_row, last) VALUES (1, 0);

CREATE INDEX blobs_by_document ON blobs (document);
CREATE INDEX blobs_by_device ON blobs (device, offered_ms);
CREATE UNIQUE INDEX blobs_by_place ON blobs (place) WHERE place IS NOT NULL;

-- Moves: an offer from one station to another, and what became of it (docs/adr/0015). Who it is about is sealed.
CREATE TABLE moves (
  id         BLOB PRIMARY KEY,
  from_scope BLOB NOT NULL REFERENCES scopes (id),
  to_scope   BLOB NOT NULL REFERENCES scopes (id),
  to_unit    BLOB NOT NULL REFERENCES units (id),
  sealed     BLOB NOT NULL,
  offered_by BLOB NOT NULL REFERENCES staff (id),
  offered_ms INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL,
  state      TEXT NOT NULL,
  decided_by BLOB REFERENCES staff (id),
  decided_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX moves_out ON moves (from_scope, offered_ms);
CREATE INDEX moves_in ON moves (to_scope, offered_ms);

CREATE TABLE move_documents (
  move      BLOB NOT NULL REFERENCES moves (id),
  document  BLOB NOT NULL,
  home_unit BLOB NOT NULL,
  PRIMARY KEY (move, document)
) WITHOUT ROWID;
CREATE INDEX move_documents_by_document ON move_documents (document);

-- Where a document lived before. What comes from there later is late work and goes to the tray.
CREATE TABLE document_homes (
  document BLOB NOT NULL,
  unit     BLOB NOT NULL,
  scope    BLOB NOT NULL,
  to_ms    INTEGER NOT NULL,
  PRIMARY KEY (document, unit)
) WITHOUT ROWID;

-- The number under which a document came to where it is in its scope's log, and the unit of that scope it came from.
-- Entries before that number are for those who saw it there; everybody else got it whole.
ALTER TABLE documents ADD COLUMN since_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN came_from BLOB;

-- The review tray: late work, sealed, in the order it came.
CREATE TABLE reviews (
  id         INTEGER PRIMARY KEY,
  head_hash  BLOB NOT NULL UNIQUE REFERENCES heads (hash),
  hash       BLOB NOT NULL,
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  device     BLOB NOT NULL REFERENCES devices (id),
  scope      BLOB NOT NULL,
  at_ms      INTEGER NOT NULL,
  body       BLOB NOT NULL,
  state      TEXT NOT NULL,
  reason     BLOB,
  decided_by BLOB REFERENCES staff (id),
  decided_ms INTEGER
);
CREATE INDEX reviews_by_document ON reviews (document, id);

-- Moves as they were ordered, one for each step of a document: a restored copy learns of them before or after the document
-- itself, and the last step holds (docs/adr/0015).
CREATE TABLE ordered_moves (
  document  BLOB NOT NULL,
  step      INTEGER NOT NULL,
  from_unit BLOB NOT NULL,
  to_unit   BLOB NOT NULL,
  at_ms     INTEGER NOT NULL,
  PRIMARY KEY (document, step)
) WITHOUT ROWID;
CREATE INDEX ordered_moves_by_place ON ordered_moves (to_unit);

-- The step that brought a document where it is.
ALTER TABLE documents ADD COLUMN moves INTEGER NOT NULL DEFAULT 0;
