SELECT unit, parent, level, name, region_code, former, closed_ms FROM units ORDER BY region_code, name, unit;
