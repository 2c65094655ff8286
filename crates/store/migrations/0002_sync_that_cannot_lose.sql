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
