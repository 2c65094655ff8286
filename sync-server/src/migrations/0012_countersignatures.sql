-- 复核 (docs/adr/0039): what the district said of a closing of a matter of life and safety, as orders have it. Of two about
-- one closing one holds, in whatever order they become known. The reason is sealed to the station's key.

CREATE TABLE countersignatures (
  problem BLOB NOT NULL,
  closing BLOB NOT NULL,
  verdict TEXT NOT NULL,
  at_ms   INTEGER NOT NULL,
  staff   BLOB NOT NULL,
  name    TEXT NOT NULL,
  epoch   INTEGER,
  reason  BLOB,
  PRIMARY KEY (problem, closing)
) STRICT, WITHOUT ROWID;
