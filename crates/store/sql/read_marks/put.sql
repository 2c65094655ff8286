INSERT OR REPLACE INTO read_marks (document, event, read_ms) VALUES (:document, :event, :read_ms);
