-- An officer of the district asks a station for a case (docs/adr/0039). What she writes is sealed to the station's key, what
-- she is answered to her own device's; the file goes when its days are over.

CREATE TABLE cases (
  id           BLOB PRIMARY KEY,
  scope        BLOB NOT NULL REFERENCES scopes (id),
  problem      BLOB NOT NULL,
  device       BLOB NOT NULL REFERENCES devices (id),
  at_ms        INTEGER NOT NULL,
  epoch        INTEGER NOT NULL,
  reason       BLOB NOT NULL,
  state        TEXT NOT NULL,
  answered_by  BLOB,
  answered_ms  INTEGER,
  number       TEXT,
  until_ms     INTEGER,
  fetched_ms   INTEGER,
  declined     BLOB,
  file         BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX cases_by_scope ON cases (scope, at_ms);
CREATE INDEX cases_by_end ON cases (until_ms) WHERE file IS NOT NULL;
