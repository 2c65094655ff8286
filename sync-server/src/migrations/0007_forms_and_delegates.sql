-- Forms that a station published to its township, beside the packs of the district (ADR 0026). Never changed once there.
CREATE TABLE forms (
  scope        BLOB NOT NULL REFERENCES scopes (id),
  id           TEXT NOT NULL,
  json         TEXT NOT NULL,
  published_ms INTEGER NOT NULL,
  PRIMARY KEY (scope, id)
) STRICT, WITHOUT ROWID;

-- Which next CA a device trusts, by fingerprint; the server goes over to it when all do (ADR 0004).
ALTER TABLE devices ADD COLUMN next_ca BLOB;
-- Who is not to act for a family (回避, ADR 0034): what the orders say, a row for each document; and why, for the station
-- alone, which no order says.
CREATE TABLE recusals (
  id       BLOB NOT NULL,
  document BLOB NOT NULL,
  scope    BLOB NOT NULL REFERENCES scopes (id),
  staff    BLOB NOT NULL,
  stead    BLOB,
  from_ms  INTEGER NOT NULL,
  until_ms INTEGER,
  PRIMARY KEY (id, document)
) STRICT, WITHOUT ROWID;
CREATE INDEX recusals_by_document ON recusals (document, staff);
CREATE INDEX recusals_by_scope ON recusals (scope, from_ms);
CREATE TABLE recusal_reasons (
  id      BLOB PRIMARY KEY,
  reason  TEXT NOT NULL,
  said_by BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Documents that were built anew (ADR 0030): which generation ended last, and with which change the next one was begun.
CREATE TABLE renewals (
  document   BLOB PRIMARY KEY,
  generation INTEGER NOT NULL,
  founded    BLOB NOT NULL,
  device     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Whether something of a document was set aside is asked before it is built anew.
CREATE INDEX set_aside_by_document ON set_aside (document);
