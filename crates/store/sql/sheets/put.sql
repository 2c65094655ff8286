INSERT INTO sheets (sheet, about, document, words, begun_ms, changed_ms)
VALUES (:sheet, :about, :document, :words, :changed_ms, :changed_ms);
