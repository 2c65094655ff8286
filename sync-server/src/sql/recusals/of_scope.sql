SELECT r.id, r.document, r.staff, r.stead, r.from_ms, r.until_ms, coalesce(w.reason, ''), w.said_by
FROM recusals AS r
LEFT JOIN recusal_reasons AS w ON w.id = r.id
WHERE r.scope = :scope
ORDER BY r.from_ms DESC, r.id, r.document;
