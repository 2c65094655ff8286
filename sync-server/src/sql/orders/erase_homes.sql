DELETE FROM document_homes WHERE document = :document;
