SELECT 1 FROM documents WHERE document = :document AND left_ms IS NOT NULL;
