SELECT scope, seq, record FROM log WHERE kind = 'late' ORDER BY scope, seq;
