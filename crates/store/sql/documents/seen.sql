SELECT document, home_unit, heads FROM documents WHERE left_ms IS NULL ORDER BY document;
