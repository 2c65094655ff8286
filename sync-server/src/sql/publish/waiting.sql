-- Documents of the oldest changes in the inbox. However many wait, a pass looks at so many of them.
SELECT document, generation, min(id) FROM (
  SELECT id, document, generation FROM changes INDEXED BY changes_in_inbox
  WHERE seq = 0
  ORDER BY id
  LIMIT :look
)
GROUP BY document, generation
ORDER BY min(id)
LIMIT :most;
