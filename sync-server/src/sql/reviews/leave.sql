UPDATE reviews SET state = 'taken', reason = NULL, decided_ms = :now_ms WHERE head_hash = :head_hash AND state <> 'taken';
