SELECT name, region, until_ms FROM unit_names WHERE unit = :unit ORDER BY until_ms;
