-- Which documents the hold of a child covers (docs/adr/0054): when it is lifted, all of it is, but for what another hold covers.
-- Of holds of before nothing is known here.
CREATE TABLE hold_covers (
  child    BLOB NOT NULL,
  document BLOB NOT NULL,
  PRIMARY KEY (child, document)
) WITHOUT ROWID;
CREATE INDEX hold_covers_by_document ON hold_covers (document);
