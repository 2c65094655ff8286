UPDATE import_rows SET status = :status, document = :document
WHERE batch = :batch AND row = :row AND (content = 'null') = :is_erased;
