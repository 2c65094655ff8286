-- What was typed into a page that is not saved yet, beside the photos that hang on it.
ALTER TABLE sheets ADD COLUMN words TEXT;                                 -- JSON: values by field; nothing typed without it
ALTER TABLE sheets ADD COLUMN changed_ms INTEGER NOT NULL DEFAULT 0;
UPDATE sheets SET changed_ms = begun_ms;
