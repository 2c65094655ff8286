SELECT unit, parent, level, name, region_code, closed_ms FROM units ORDER BY region_code, name, unit;
