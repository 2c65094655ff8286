-- What was waited for may have come back.
UPDATE changes SET state = 'saved', refusal = NULL, kept_reason = NULL
WHERE origin = 'local' AND scope = :scope AND state = 'held' AND body IS NOT NULL;
