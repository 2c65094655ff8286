-- Nothing is said on a bare one.
SELECT sheet, about, document, words, changed_ms FROM sheets AS s
WHERE words IS NOT NULL OR EXISTS (SELECT 1 FROM blobs AS b WHERE b.draft = s.sheet AND b.removed_ms IS NULL)
ORDER BY changed_ms DESC, sheet;
