-- What a stopped device hands over besides its changes: photos and the rows of its trail (docs/adr/0053).

-- The station does not wait for the photos of a device that is to be wiped.
ALTER TABLE wipes ADD COLUMN without_photos INTEGER NOT NULL DEFAULT 0;

-- Rows brought after the device was stopped: they are read like any, and nobody is enrolled on their word.
ALTER TABLE device_audit ADD COLUMN handed_over INTEGER NOT NULL DEFAULT 0;

-- A stopped device may have begun the document of a photo itself: it lies in the review tray, so there is no row of it yet.
CREATE TABLE blobs_now (
  address    BLOB PRIMARY KEY,
  document   BLOB NOT NULL,
  device     BLOB NOT NULL,
  size       INTEGER NOT NULL,
  digest     BLOB NOT NULL,
  received   INTEGER NOT NULL DEFAULT 0,
  offered_ms INTEGER NOT NULL,
  place      INTEGER
) WITHOUT ROWID;
INSERT INTO blobs_now (address, document, device, size, digest, received, offered_ms, place)
SELECT address, document, device, size, digest, received, offered_ms, place FROM blobs;
DROP TABLE blobs;
ALTER TABLE blobs_now RENAME TO blobs;
CREATE INDEX blobs_by_document ON blobs (document);
CREATE INDEX blobs_by_device ON blobs (device, offered_ms);
CREATE UNIQUE INDEX blobs_by_place ON blobs (place) WHERE place IS NOT NULL;
