-- What sync remembers so that nothing is lost: returned work, epochs, moves, blobs.

-- After the server was set back to an older copy: whether what is here must still be offered, and what the server says.
CREATE TABLE recovery (
  scope          BLOB PRIMARY KEY NOT NULL,
  inventory_due  INTEGER NOT NULL,
  hold           INTEGER NOT NULL,
  since_ms       INTEGER,
  returned       INTEGER NOT NULL,
  unexplained    INTEGER NOT NULL
) STRICT;

-- Orders and member records under the server's signature, to be carried back to it.
CREATE TABLE orders (
  body       BLOB PRIMARY KEY NOT NULL,
  signature  BLOB NOT NULL,
  number     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE member_statements (
  kind       TEXT NOT NULL,
  id         BLOB NOT NULL,
  body       BLOB NOT NULL,
  signature  BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- What an order erased: nothing of it may come in again. What of it was never sent is counted, so that the person is told.
CREATE TABLE erased (
  document    BLOB PRIMARY KEY NOT NULL,
  generation  INTEGER NOT NULL,
  unsent      INTEGER NOT NULL,
  at_ms       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An own change was acknowledged by a memory the server has lost since.
ALTER TABLE changes ADD COLUMN was_at_server INTEGER NOT NULL DEFAULT 0;

-- Returned work. A change that was refused, and what stood on it, lies beside its document: seen in the record, not part
-- of what later work stands on. What stood on it is made anew elsewhere; the old row stays and names the new one.
ALTER TABLE changes ADD COLUMN before TEXT;                        -- JSON: values the written fields had
ALTER TABLE changes ADD COLUMN beside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE changes ADD COLUMN replaced_by BLOB;                   -- the change that says the same now
ALTER TABLE changes ADD COLUMN replaces BLOB;                      -- and the other way round
ALTER TABLE changes ADD COLUMN remakes INTEGER NOT NULL DEFAULT 0; -- made anew so often because it was itself refused
ALTER TABLE changes ADD COLUMN put_away_ms INTEGER;                -- a person put the refused change away
CREATE INDEX changes_beside ON changes (document) WHERE beside = 1;

-- What is set aside is tried again by another version of the app, and needs for that what came with it.
ALTER TABLE quarantine ADD COLUMN app TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN kind TEXT;
ALTER TABLE quarantine ADD COLUMN home_unit BLOB;
ALTER TABLE quarantine ADD COLUMN server_seq INTEGER;

-- Each refusal, with what was known then: when that changes, the change is offered again.
CREATE TABLE returned (
  hash        BLOB PRIMARY KEY NOT NULL,
  tries       INTEGER NOT NULL,              -- refused so often
  refused_ms  INTEGER NOT NULL,              -- the last time
  app         TEXT NOT NULL,
  device      BLOB NOT NULL,
  belonging   TEXT NOT NULL,                 -- unit and role of the person, unit of the document
  news        INTEGER NOT NULL               -- position of the newest foreign change of the document
) STRICT;

-- Photos, signatures, recordings and their thumbnails; the bytes are files in the folder blobs. A row is written before
-- its file and says so (is_there = 0): cut off in between, the file decides.
CREATE TABLE blobs (
  address     BLOB PRIMARY KEY NOT NULL,
  kind        TEXT NOT NULL,                  -- photo, signature, audio, thumb
  key         BLOB NOT NULL,
  size        INTEGER NOT NULL,               -- of the file
  digest      BLOB NOT NULL,                  -- SHA-256 of the file
  thumb       BLOB,                           -- address of its thumbnail
  thumb_size  INTEGER,
  draft       BLOB,                           -- the form it was added to, while that is one
  document    BLOB,                           -- the document it belongs to, once the form is saved
  is_own      INTEGER NOT NULL,               -- added here; else fetched, and can be fetched again
  is_there    INTEGER NOT NULL,
  sent        INTEGER NOT NULL DEFAULT 0,     -- bytes on the server's disk
  durable_ms  INTEGER,                        -- the server has it in every place it keeps things
  refusal     TEXT,
  added_ms    INTEGER NOT NULL,
  removed_ms  INTEGER,                        -- taken off the form; can be taken back for a day
  gone_ms     INTEGER                         -- its file is to go
) STRICT;
CREATE INDEX blobs_by_draft ON blobs (draft) WHERE draft IS NOT NULL;
CREATE INDEX blobs_by_document ON blobs (document);

-- What left for another village or township. While removed_ms is null the copy is here, hidden, until everything in it was
-- handed over; afterwards this line is all there is, and `label` says initials only.
CREATE TABLE departures (
  document     BLOB PRIMARY KEY NOT NULL,
  kind         TEXT NOT NULL,
  label        TEXT NOT NULL,
  household    BLOB,
  destination  TEXT NOT NULL,
  left_ms      INTEGER NOT NULL,
  removed_ms   INTEGER
) STRICT;

-- Changes in a station's review tray: own ones, and those of others in documents that came here.
CREATE TABLE late_work (
  hash      BLOB PRIMARY KEY NOT NULL,
  document  BLOB NOT NULL,
  own       INTEGER NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'set_aside')),
  reason    TEXT NOT NULL,
  at_ms     INTEGER NOT NULL
) STRICT;
