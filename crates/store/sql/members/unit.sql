SELECT unit, parent, level, name, region_code, closed_ms FROM units WHERE unit = :unit;
