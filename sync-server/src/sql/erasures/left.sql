-- Whether what is asked about left the township: it lived here, was handed on from here, or is in another one.
SELECT 1 WHERE EXISTS (SELECT 1 FROM document_homes WHERE document = :subject AND scope = :scope)
            OR EXISTS (SELECT 1 FROM move_documents AS d JOIN moves AS m ON m.id = d.move
                       WHERE d.document = :subject AND m.from_scope = :scope AND m.state = 'accepted')
            OR EXISTS (SELECT 1 FROM documents WHERE id = :subject AND scope <> :scope);
