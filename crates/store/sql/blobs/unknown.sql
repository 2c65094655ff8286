-- Attachments whose row went with a database that could not be opened.
SELECT e.document, e.entry, e.content FROM entries e
WHERE e.collection = 'attachments'
  AND NOT EXISTS (SELECT 1 FROM blobs b WHERE lower(hex(b.address)) = e.entry);
