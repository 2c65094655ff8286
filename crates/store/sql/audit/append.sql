INSERT INTO audit (at_ms, staff, action, object, hash, incarnation, number, detail)
VALUES (:at_ms, :staff, :action, :object, :hash, :incarnation, :number, :detail);
