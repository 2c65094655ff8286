SELECT conflicts.document, kind, unit, field, value, made_by
FROM conflicts JOIN records USING (document)
WHERE :document IS NULL OR conflicts.document = :document
ORDER BY conflicts.document, field, place;
