-- 户籍村 (docs/adr/0040): which second village knows of which child's file, as the orders kept here say.
CREATE TABLE guests (
  guest    BLOB NOT NULL,
  document BLOB NOT NULL,
  unit     BLOB NOT NULL,
  from_ms  INTEGER NOT NULL,
  until_ms INTEGER,
  PRIMARY KEY (guest, document)
) STRICT, WITHOUT ROWID;
