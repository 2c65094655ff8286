SELECT scope, home_unit, kind, creator, moves, EXISTS (SELECT 1 FROM document_homes AS h WHERE h.document = documents.id)
FROM documents WHERE id = :id;
