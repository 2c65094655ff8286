INSERT INTO exports (id, number, made_ms, until_ms, ledger, purpose, words, rows, full_numbers, file_name, file)
VALUES (:id, :number, :made_ms, :until_ms, :ledger, :purpose, :words, :rows, :full_numbers, :file_name, :file)
ON CONFLICT (id) DO UPDATE SET
  number = excluded.number, made_ms = excluded.made_ms, until_ms = excluded.until_ms, rows = excluded.rows,
  file_name = excluded.file_name, file = excluded.file;
