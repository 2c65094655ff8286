INSERT INTO log (scope, seq, at_ms, kind, change_id, record)
VALUES (:scope, :seq, :at_ms, nullif(:kind, 'change'), :change_id, :record);
