INSERT INTO audit (position, at_ms, by_kind, device, staff, scope, action, object, order_number, hash)
VALUES (:position, :at_ms, :by_kind, :device, :staff, :scope, :action, :object, :order_number, :hash);
