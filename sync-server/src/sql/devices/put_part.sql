-- Said again after a crash it may be another one: the last word counts, until the receipt is there.
INSERT OR REPLACE INTO wipe_remains (device, part, bytes) VALUES (:device, :part, :bytes);
