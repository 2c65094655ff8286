UPDATE changes SET state = 'saved', refusal = NULL, kept_reason = NULL
WHERE hash = :hash AND origin = 'local' AND state IN ('refused', 'held');
