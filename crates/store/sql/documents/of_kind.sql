SELECT document FROM documents WHERE kind = :kind ORDER BY document;
