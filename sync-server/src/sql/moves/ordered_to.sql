SELECT DISTINCT document FROM ordered_moves WHERE to_unit = :unit ORDER BY document;
