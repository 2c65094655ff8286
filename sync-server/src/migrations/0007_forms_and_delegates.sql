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
