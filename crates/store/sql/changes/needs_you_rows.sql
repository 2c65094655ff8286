SELECT hash, document, record_id, coalesce(record_kind, '') AS record_kind, coalesce(record_text, '') AS record_text,
       max(stored_ms) AS stored_ms, state, refusal
FROM changes
WHERE origin = 'local' AND state <> 'durable' AND state IN ('refused', 'held')
  AND replaced_by IS NULL AND put_away_ms IS NULL
GROUP BY coalesce(record_id, hex(hash))
ORDER BY stored_ms DESC, hash;
