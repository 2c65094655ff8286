SELECT id, number, made_ms, until_ms, ledger, purpose, words, rows, full_numbers, file_name, file IS NOT NULL AS is_there
FROM exports ORDER BY made_ms DESC LIMIT 50;
