-- An upsert, not a replace: replacing would take the rows of the batch with it.
INSERT INTO import_batches (batch, ledger, file_name, state, total, done, details, result_name, result_file, created_ms)
VALUES (:batch, :ledger, :file_name, :state, :total, :done, :details, :result_name, :result_file, :created_ms)
ON CONFLICT (batch) DO UPDATE SET ledger = excluded.ledger, file_name = excluded.file_name, state = excluded.state,
  total = excluded.total, done = excluded.done, details = excluded.details, result_name = excluded.result_name,
  result_file = excluded.result_file;
