SELECT id, scope, parent, level, name, region FROM units WHERE level = 'district';
