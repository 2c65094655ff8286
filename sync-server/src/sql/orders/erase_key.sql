DELETE FROM document_keys WHERE document = :document AND generation <= :generation;
