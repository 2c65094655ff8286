-- 户籍村 (docs/adr/0040): a second village of the township knows of a child's file, from when until when. By the clock it
-- begins and ends; `seq` is where the log stood when it began: everything before came whole.

CREATE TABLE guests (
  id       BLOB NOT NULL,
  document BLOB NOT NULL,
  scope    BLOB NOT NULL REFERENCES scopes (id),
  unit     BLOB NOT NULL,
  from_ms  INTEGER NOT NULL,
  until_ms INTEGER,
  state    TEXT NOT NULL,
  seq      INTEGER,
  PRIMARY KEY (id, document)
) WITHOUT ROWID;
CREATE UNIQUE INDEX guests_running ON guests (document) WHERE state = 'running';
CREATE INDEX guests_by_document ON guests (document, unit);
CREATE INDEX guests_by_state ON guests (scope, state);
