SELECT 1 FROM rests WHERE document = :document
  AND NOT EXISTS (SELECT 1 FROM documents WHERE document = :document);
