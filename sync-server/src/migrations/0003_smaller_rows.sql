-- What a change takes. Bodies lie in a table of their own, so that packing them gives whole pages back; a chain is named by
-- a number instead of by three ids in every head and again in the index of heads.

CREATE TABLE chains (
  id          INTEGER PRIMARY KEY,
  device      BLOB NOT NULL REFERENCES devices (id),
  incarnation BLOB NOT NULL,
  scope       BLOB NOT NULL,
  UNIQUE (device, incarnation, scope)
);
INSERT INTO chains (device, incarnation, scope)
SELECT DISTINCT device, incarnation, scope FROM heads ORDER BY device, incarnation, scope;

CREATE TABLE smaller_heads (
  hash      BLOB PRIMARY KEY,
  chain     INTEGER NOT NULL REFERENCES chains (id),
  dev_seq   INTEGER NOT NULL,
  state     TEXT NOT NULL,
  seq       INTEGER,
  code      TEXT,
  change_id INTEGER,
  epoch     INTEGER
) WITHOUT ROWID;
INSERT INTO smaller_heads (hash, chain, dev_seq, state, seq, code, change_id, epoch)
SELECT h.hash, c.id, h.dev_seq, h.state, h.seq, h.code, h.change_id, h.epoch
FROM heads AS h JOIN chains AS c ON c.device = h.device AND c.incarnation = h.incarnation AND c.scope = h.scope;
DROP TABLE heads;
ALTER TABLE smaller_heads RENAME TO heads;
CREATE UNIQUE INDEX heads_in_chain ON heads (chain, dev_seq);
CREATE INDEX heads_by_waiting_change ON heads (change_id) WHERE change_id IS NOT NULL AND seq IS NULL;

CREATE TABLE bodies (
  change_id INTEGER PRIMARY KEY REFERENCES changes (id) ON DELETE CASCADE,
  body      BLOB NOT NULL
);
INSERT INTO bodies (change_id, body) SELECT id, body FROM changes WHERE segment IS NULL;
ALTER TABLE changes DROP COLUMN body;

-- The inbox in the order in which it came; a pass looks at its beginning, however many wait.
CREATE INDEX changes_in_inbox ON changes (id) WHERE seq = 0;
