INSERT INTO units (id, scope, parent, level, name, region, since_ms, closed_ms, successor)
VALUES (:id, :scope, :parent, :level, :name, :region, :since_ms, :closed_ms, :successor);
