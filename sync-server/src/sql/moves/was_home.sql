SELECT 1 FROM document_homes WHERE document = :document AND (unit = :unit OR (:whole_scope AND scope = :scope));
