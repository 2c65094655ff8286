-- Tablets a station may enrol without the server (ADR 0031): places for each person and station device, kept until a tablet
-- took one, so that asking every day does not use up file numbers.
CREATE TABLE delegated_places (
  station    BLOB NOT NULL REFERENCES devices (id),
  staff      BLOB NOT NULL REFERENCES staff (id),
  device     BLOB NOT NULL UNIQUE,
  file_first INTEGER NOT NULL,
  file_last  INTEGER NOT NULL,
  PRIMARY KEY (station, staff, device)
) STRICT, WITHOUT ROWID;
