-- One row per record: its changes travel apart, and it is delivered when the last of them is.
-- With max() SQLite takes the other columns from that row: a change not yet sent is shown before one only accepted.
SELECT hash, document, record_id, coalesce(record_kind, '') AS record_kind, coalesce(record_text, '') AS record_text,
       stored_ms, state, refusal, max(state = 'saved') AS waiting
FROM changes
WHERE origin = 'local' AND state <> 'durable' AND replaced_by IS NULL AND put_away_ms IS NULL
GROUP BY coalesce(record_id, hex(hash))
HAVING sum(state IN ('refused', 'held')) = 0
ORDER BY stored_ms DESC, hash;
