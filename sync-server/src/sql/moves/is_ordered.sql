SELECT 1 FROM ordered_moves WHERE document = :document AND step = :step;
