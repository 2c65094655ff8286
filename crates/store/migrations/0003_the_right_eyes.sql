-- Keys, people and devices: what a device remembers so that only the right eyes see its records.

-- What this device itself was told: that it is stopped, that it is to be wiped; and since when it was in contact, by a
-- clock that never goes back (docs/adr/0023).
CREATE TABLE standing (
  only_row        INTEGER PRIMARY KEY CHECK (only_row = 1),
  revoked_ms      INTEGER,
  wipe_order      INTEGER,
  wipe_receipted  INTEGER NOT NULL DEFAULT 0,
  clock_ms        INTEGER NOT NULL DEFAULT 0,
  contact_ms      INTEGER,
  contact_wall_ms INTEGER
) STRICT;
INSERT INTO standing (only_row, clock_ms, contact_ms, contact_wall_ms)
VALUES (1, coalesce((SELECT last_success_ms FROM sync_status), 0),
        (SELECT last_success_ms FROM sync_status), (SELECT last_success_ms FROM sync_status));
