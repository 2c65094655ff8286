SELECT row, outcome, status, document, content FROM import_rows WHERE batch = :batch ORDER BY row;
