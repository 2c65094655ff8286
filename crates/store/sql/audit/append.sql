INSERT INTO audit (at_ms, staff, action, object, hash) VALUES (:at_ms, :staff, :action, :object, :hash);
