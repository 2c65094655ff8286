INSERT INTO units (id, scope, parent, level, name, region) VALUES (:id, :scope, :parent, :level, :name, :region);
