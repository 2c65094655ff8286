UPDATE rests SET wanted = 1
WHERE family = (SELECT family FROM rests WHERE document = :document)
  AND document NOT IN (SELECT document FROM documents);
