-- Those whose sender was not believed stay where they are.
SELECT body, head, signature FROM quarantine
WHERE document = :document AND head IS NOT NULL AND signature IS NOT NULL
  AND reason NOT IN ('malformed', 'hash_mismatch', 'unknown_device', 'bad_signature', 'renewing')
ORDER BY at_ms, hash;
