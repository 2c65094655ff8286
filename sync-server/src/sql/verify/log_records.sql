SELECT scope, seq, kind, record FROM log WHERE kind IS NOT NULL ORDER BY scope, seq;
