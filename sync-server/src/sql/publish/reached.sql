SELECT count(*), coalesce(max(id), 0) FROM changes
WHERE document = :document AND generation = :generation AND seq > 0;
