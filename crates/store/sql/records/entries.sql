SELECT collection, entry, op, actor, made_by, content, answers
FROM entries WHERE document = :document
ORDER BY collection, op, actor, entry;
