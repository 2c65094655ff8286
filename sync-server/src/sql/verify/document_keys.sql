SELECT document, generation, wrapped FROM document_keys ORDER BY document, generation;
