SELECT r.document FROM reviews AS r
JOIN documents AS d ON d.id = r.document
WHERE r.hash = :hash AND d.scope = :scope AND r.state <> 'taken';
