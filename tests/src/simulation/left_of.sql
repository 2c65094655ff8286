-- Whatever still speaks of a document.
SELECT (SELECT count(*) FROM changes WHERE document = :document AND body IS NOT NULL)
     + (SELECT count(*) FROM documents WHERE document = :document)
     + (SELECT count(*) FROM records WHERE document = :document)
     + (SELECT count(*) FROM entries WHERE document = :document)
     + (SELECT count(*) FROM quarantine WHERE document = :document);
