-- What this device made itself and how far each of it has come.
SELECT hash, document, state, refusal FROM changes WHERE origin = 'local' ORDER BY position;
