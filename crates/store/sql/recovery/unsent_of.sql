SELECT count(DISTINCT coalesce(record_id, hex(hash))) AS unsent FROM changes
WHERE document = :document AND generation <= :generation AND origin = 'local' AND record_kind IS NOT NULL
  AND state IN ('saved', 'held', 'refused') AND was_at_server = 0;
