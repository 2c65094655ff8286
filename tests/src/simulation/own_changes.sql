-- What this device made itself and how far each of it has come; what another change stands in for now is that one's matter.
SELECT hash, document, state, refusal FROM changes
WHERE origin = 'local' AND replaced_by IS NULL AND put_away_ms IS NULL
ORDER BY position;
