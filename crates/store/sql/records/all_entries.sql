SELECT entries.document, collection, entry, op, actor, made_by, content
FROM records JOIN entries USING (document)
WHERE records.kind = :kind
ORDER BY entries.document, collection, op, actor, entry;
