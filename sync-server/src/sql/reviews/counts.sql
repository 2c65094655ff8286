SELECT coalesce(sum(coalesce(d.scope, r.scope) = :scope AND r.state = 'waiting'), 0),
       coalesce(sum(coalesce(d.scope, r.scope) = :scope AND r.state <> 'waiting'), 0),
       coalesce(sum(coalesce(d.scope, r.scope) <> :scope), 0)
FROM reviews AS r
LEFT JOIN documents AS d ON d.id = r.document
WHERE coalesce(d.scope, r.scope) = :scope OR r.scope = :scope;
