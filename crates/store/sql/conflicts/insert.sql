INSERT INTO conflicts (document, field, place, value, made_by) VALUES (:document, :field, :place, :value, :made_by);
