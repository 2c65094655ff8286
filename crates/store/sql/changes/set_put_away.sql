UPDATE changes SET put_away_ms = :put_away_ms WHERE hash = :hash AND origin = 'local';
