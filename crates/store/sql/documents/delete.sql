-- Only to make way for a newer generation; its changes stay in `changes`.
DELETE FROM documents WHERE document = :document;
