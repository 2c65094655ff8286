INSERT OR REPLACE INTO imported_values (document, field, value, at_ms) VALUES (:document, :field, :value, :at_ms);
