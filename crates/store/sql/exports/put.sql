INSERT INTO exports (id, number, made_ms, until_ms, ledger, purpose, words, rows, full_numbers, file_name, file)
VALUES (:id, :number, :made_ms, :until_ms, :ledger, :purpose, :words, :rows, :full_numbers, :file_name, :file);
