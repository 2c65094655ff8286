SELECT staff, name, role, unit, ended_ms FROM staff ORDER BY name, staff;
