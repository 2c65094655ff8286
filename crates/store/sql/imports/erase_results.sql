UPDATE import_batches SET result_name = NULL, result_file = NULL
WHERE batch IN (SELECT batch FROM import_rows
                WHERE document = :document OR document IN (SELECT child FROM children WHERE household = :document));
