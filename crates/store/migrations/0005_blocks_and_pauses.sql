-- Who is not to act for a family (回避, ADR 0034): what the orders kept here say, a row for each document.
CREATE TABLE recusals (
  recusal  BLOB NOT NULL,
  document BLOB NOT NULL,
  staff    BLOB NOT NULL,
  stead    BLOB,
  from_ms  INTEGER NOT NULL,
  until_ms INTEGER,
  PRIMARY KEY (recusal, document)
) STRICT, WITHOUT ROWID;

-- Documents that are to be built anew, or were (ADR 0030): which generation ended, with which change the next one
-- was begun, and the order's number.
CREATE TABLE renewals (
  document   BLOB NOT NULL,
  generation INTEGER NOT NULL,
  founded    BLOB NOT NULL,
  number     INTEGER NOT NULL,
  PRIMARY KEY (document, generation)
) STRICT, WITHOUT ROWID;
