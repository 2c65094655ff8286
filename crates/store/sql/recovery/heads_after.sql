SELECT document, generation, heads FROM documents WHERE document > :after ORDER BY document LIMIT :most;
