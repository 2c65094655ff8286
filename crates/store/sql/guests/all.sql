SELECT guest, document, unit, from_ms, until_ms FROM guests ORDER BY from_ms, guest, document;
