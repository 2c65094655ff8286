-- Stations' reports to the district as they were heard last (ADR 0039): a station's own, or those of all.
CREATE TABLE reports (
  only_row  INTEGER PRIMARY KEY CHECK (only_row = 1),
  packed    BLOB NOT NULL,
  newest_ms INTEGER NOT NULL,                -- when the server took the newest of them
  heard_ms  INTEGER NOT NULL
) STRICT;
