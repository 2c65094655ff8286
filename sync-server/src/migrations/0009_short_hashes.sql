-- What a change takes, once more (docs/benchmarks.md). An index of hashes keeps the first eight bytes of each: whoever asks
-- compares the whole hash with the few it finds. That a change stands here once is still kept by its author's numbers, and
-- that a head does by its place in its chain, which is its key from here on. What nearly every row says is not written.

CREATE TABLE heads_in_place (
  chain     INTEGER NOT NULL REFERENCES chains (id),
  dev_seq   INTEGER NOT NULL,
  hash      BLOB NOT NULL,
  state     TEXT,                    -- none: accepted
  seq       INTEGER,
  code      TEXT,
  change_id INTEGER,
  epoch     INTEGER,
  PRIMARY KEY (chain, dev_seq)
) WITHOUT ROWID;
INSERT INTO heads_in_place (chain, dev_seq, hash, state, seq, code, change_id, epoch)
SELECT chain, dev_seq, hash, nullif(state, 'accepted'), seq, code, change_id, epoch FROM heads ORDER BY chain, dev_seq;

-- What waits pointed at its head by the hash; a head that never goes needs no pointing at.
CREATE TABLE held_now (
  id         INTEGER PRIMARY KEY,
  head_hash  BLOB NOT NULL UNIQUE,
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  body       BLOB NOT NULL
);
INSERT INTO held_now (id, head_hash, document, generation, body)
SELECT id, head_hash, document, generation, body FROM held;
DROP TABLE held;
ALTER TABLE held_now RENAME TO held;
CREATE INDEX held_by_document ON held (document, id);

CREATE TABLE set_aside_now (
  head_hash  BLOB PRIMARY KEY,
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  hash       BLOB NOT NULL,
  device     BLOB NOT NULL REFERENCES devices (id),
  verdict    TEXT NOT NULL,
  at_ms      INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  body       BLOB NOT NULL
);
INSERT INTO set_aside_now (head_hash, document, generation, hash, device, verdict, at_ms, bytes, body)
SELECT head_hash, document, generation, hash, device, verdict, at_ms, bytes, body FROM set_aside;
DROP TABLE set_aside;
ALTER TABLE set_aside_now RENAME TO set_aside;
CREATE INDEX set_aside_by_document ON set_aside (document);

CREATE TABLE reviews_now (
  id         INTEGER PRIMARY KEY,
  head_hash  BLOB NOT NULL UNIQUE,
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
  decided_ms INTEGER,
  kind       TEXT,
  cause      TEXT NOT NULL DEFAULT 'late'
);
INSERT INTO reviews_now (id, head_hash, hash, document, generation, device, scope, at_ms, body, state, reason, decided_by,
                         decided_ms, kind, cause)
SELECT id, head_hash, hash, document, generation, device, scope, at_ms, body, state, reason, decided_by, decided_ms, kind,
       cause
FROM reviews;
DROP TABLE reviews;
ALTER TABLE reviews_now RENAME TO reviews;
CREATE INDEX reviews_by_document ON reviews (document, id);

DROP TABLE heads;
ALTER TABLE heads_in_place RENAME TO heads;
CREATE INDEX heads_by_hash ON heads (substr(hash, 1, 8));
CREATE INDEX heads_by_waiting_change ON heads (change_id) WHERE change_id IS NOT NULL AND seq IS NULL;
CREATE TRIGGER heads_never_go BEFORE DELETE ON heads
BEGIN SELECT RAISE(ABORT, 'heads never go'); END;

DROP INDEX changes_by_hash;
CREATE INDEX changes_by_hash ON changes (substr(hash, 1, 8));

CREATE TABLE log_in_short (
  scope     BLOB NOT NULL REFERENCES scopes (id),
  seq       INTEGER NOT NULL,
  at_ms     INTEGER NOT NULL,
  kind      TEXT,                    -- none: a change
  change_id INTEGER REFERENCES changes (id),
  record    BLOB,
  PRIMARY KEY (scope, seq)
) WITHOUT ROWID;
INSERT INTO log_in_short (scope, seq, at_ms, kind, change_id, record)
SELECT scope, seq, at_ms, nullif(kind, 'change'), change_id, record FROM log ORDER BY scope, seq;
DROP TABLE log;
ALTER TABLE log_in_short RENAME TO log;
CREATE INDEX log_by_change ON log (change_id) WHERE change_id IS NOT NULL;
