-- What was made anew lives on in that change.
SELECT 1 FROM changes WHERE hash = :hash AND (state = 'durable' OR replaced_by IS NOT NULL);
