-- What each station reported last to the district (ADR 0039), sealed, under the key of the device that made it.
CREATE TABLE reports (
  scope    BLOB PRIMARY KEY REFERENCES scopes (id),
  device   BLOB NOT NULL REFERENCES devices (id),
  taken_ms INTEGER NOT NULL,
  sealed   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
