SELECT count(*) AS documents FROM documents;
