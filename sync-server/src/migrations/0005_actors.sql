-- Who wrote stands once for each memory and document, not in every change.

CREATE TABLE actors (
  id       INTEGER PRIMARY KEY,
  document BLOB NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
  actor    BLOB NOT NULL,
  device   BLOB NOT NULL,
  UNIQUE (document, actor)
);
INSERT INTO actors (document, actor, device)
SELECT DISTINCT document, actor, device FROM changes ORDER BY document, actor;

DROP INDEX changes_by_actor;
ALTER TABLE changes ADD COLUMN actor_id INTEGER REFERENCES actors (id);
UPDATE changes SET actor_id = (
  SELECT a.id FROM actors AS a WHERE a.document = changes.document AND a.actor = changes.actor
);
ALTER TABLE changes DROP COLUMN actor;
ALTER TABLE changes DROP COLUMN device;
CREATE UNIQUE INDEX changes_by_actor ON changes (actor_id, actor_seq);
