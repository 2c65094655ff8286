INSERT OR REPLACE INTO staff (staff, name, role, unit, ended_ms) VALUES (:staff, :name, :role, :unit, :ended_ms);
