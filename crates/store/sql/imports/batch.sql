SELECT batch, ledger, file_name, state, total, done, details, result_name, result_file, created_ms
FROM import_batches WHERE batch = :batch;
