UPDATE grants SET ended_ms = :ended_ms, end_reason = :reason WHERE id = :id AND ended_ms IS NULL;
