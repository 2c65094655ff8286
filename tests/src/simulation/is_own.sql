SELECT 1 FROM changes WHERE hash = :hash AND origin = 'local';
