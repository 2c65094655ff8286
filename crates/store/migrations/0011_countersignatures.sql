-- 复核 (docs/adr/0039): what the district said of a closing, as the orders kept here say; and, on an officer's own device,
-- what she said, until the server has it and as long as she may want to read it.
CREATE TABLE countersignatures (
  problem BLOB NOT NULL,
  closing BLOB NOT NULL,
  verdict TEXT NOT NULL,
  at_ms   INTEGER NOT NULL,
  staff   BLOB NOT NULL,
  name    TEXT NOT NULL,
  epoch   INTEGER,
  reason  BLOB,                              -- sealed to the station's key
  PRIMARY KEY (problem, closing)
) STRICT, WITHOUT ROWID;
CREATE TABLE own_countersignatures (
  problem BLOB NOT NULL,
  closing BLOB NOT NULL,
  packed  BLOB NOT NULL,                     -- as it is said to the server
  reason  TEXT NOT NULL,
  at_ms   INTEGER NOT NULL,
  taken   INTEGER NOT NULL DEFAULT 0,        -- the server has it, or had it
  refused TEXT,                              -- why it has it not and never will
  PRIMARY KEY (problem, closing)
) STRICT, WITHOUT ROWID;
