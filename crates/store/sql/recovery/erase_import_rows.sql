UPDATE import_rows SET content = 'null' WHERE document = :document;
