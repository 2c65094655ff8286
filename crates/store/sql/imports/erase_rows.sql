UPDATE import_rows SET content = 'null'
WHERE document = :document OR document IN (SELECT child FROM children WHERE household = :document);
