UPDATE changes SET replaced_by = :by, beside = 1, in_body = 0 WHERE hash = :hash AND origin = 'local';
