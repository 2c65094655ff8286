DELETE FROM import_batches WHERE state = 'preview' AND created_ms < :before_ms;
