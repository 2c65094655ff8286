-- Own changes another one stands in for.
SELECT hash FROM changes WHERE origin = 'local' AND replaced_by IS NOT NULL;
