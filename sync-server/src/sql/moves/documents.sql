SELECT document, home_unit FROM move_documents WHERE move = :move ORDER BY document;
