SELECT l.hash, l.document, l.own, l.state, l.reason, l.at_ms, coalesce(c.record_kind, '') AS record_kind,
       coalesce(c.record_text, '') AS record_text, c.record_id
FROM late_work AS l
LEFT JOIN changes AS c ON c.hash = l.hash
ORDER BY l.at_ms DESC, l.hash;
