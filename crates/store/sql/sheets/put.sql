INSERT INTO sheets (sheet, about, document, begun_ms) VALUES (:sheet, :about, :document, :begun_ms);
