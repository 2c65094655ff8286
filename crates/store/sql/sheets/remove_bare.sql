DELETE FROM sheets
WHERE changed_ms < :before_ms AND words IS NULL
  AND NOT EXISTS (SELECT 1 FROM blobs AS b WHERE b.draft = sheets.sheet);
