SELECT r.document FROM reviews AS r
LEFT JOIN documents AS d ON d.id = r.document
WHERE r.hash = :hash AND coalesce(d.scope, r.scope) = :scope AND r.state <> 'taken';
