DELETE FROM import_batches WHERE state <> 'running' AND created_ms < :before_ms;
