SELECT id, document, staff, stead, from_ms, until_ms, '', NULL FROM recusals WHERE id = :id AND scope = :scope ORDER BY document;
