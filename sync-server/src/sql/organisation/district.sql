SELECT id, scope, parent, level, name, region, since_ms, closed_ms, successor FROM units WHERE level = 'district';
