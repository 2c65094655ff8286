SELECT step, from_unit, to_unit FROM ordered_moves WHERE document = :document ORDER BY step;
