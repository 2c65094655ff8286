SELECT document, event, read_ms FROM read_marks;
