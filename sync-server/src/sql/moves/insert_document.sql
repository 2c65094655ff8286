INSERT INTO move_documents (move, document, home_unit) VALUES (:move, :document, :home_unit);
