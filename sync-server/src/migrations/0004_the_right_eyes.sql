-- Keys, people and devices: what the server remembers so that only the right eyes see its records.

-- The audit chain of the server (docs/adr/0025): who decided what, append-only, each row's hash covering the one before.
-- Ids and codes, never a name and never a person's words. What is erased is named by its keyed mark.
CREATE TABLE audit (
  position     INTEGER PRIMARY KEY,
  at_ms        INTEGER NOT NULL,
  by_kind      TEXT NOT NULL,                -- device | operator | server
  device       BLOB,
  staff        BLOB,
  scope        BLOB,                         -- the township it concerns; null where it concerns the server itself
  action       TEXT NOT NULL,
  object       TEXT NOT NULL,
  order_number INTEGER,
  hash         BLOB NOT NULL
);
CREATE INDEX audit_by_scope ON audit (scope, at_ms);
CREATE TRIGGER audit_rows_never_change BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows never change'); END;
CREATE TRIGGER audit_rows_never_go BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'audit rows never go'); END;

-- Tablets that two officers of the district opened (docs/adr/0024). The audit trail has the act; who the officers were and
-- why is kept here, sealed.
CREATE TABLE opened_tablets (
  id     BLOB PRIMARY KEY,
  at_ms  INTEGER NOT NULL,
  device BLOB,                               -- null when the tablet could not tell
  words  BLOB NOT NULL
);
