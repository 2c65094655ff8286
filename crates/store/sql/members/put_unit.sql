INSERT OR REPLACE INTO units (unit, parent, level, name, region_code, former, closed_ms)
VALUES (:unit, :parent, :level, :name, :region_code, :former, :closed_ms);
