INSERT INTO entries (document, collection, entry, op, actor, made_by, content, answers)
VALUES (:document, :collection, :entry, :op, :actor, :made_by, :content, :answers)
ON CONFLICT (document, collection, entry) DO UPDATE
SET op = excluded.op, actor = excluded.actor, made_by = excluded.made_by, content = excluded.content,
    answers = excluded.answers
WHERE (op, actor, made_by, content, answers)
   IS NOT (excluded.op, excluded.actor, excluded.made_by, excluded.content, excluded.answers);
