SELECT unit, parent, level, name, region_code, former, closed_ms FROM units WHERE unit = :unit;
