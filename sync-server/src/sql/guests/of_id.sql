SELECT id, document, scope, unit, from_ms, until_ms, state FROM guests WHERE id = :id AND scope = :scope ORDER BY document;
