-- What of a case is sealed to others the server cannot open. Digests, made when it came, say later whether it is what came;
-- those of before get theirs when the database is opened. The digest of a file stays when the file goes.
ALTER TABLE cases ADD COLUMN reason_digest BLOB;
ALTER TABLE cases ADD COLUMN declined_digest BLOB;
ALTER TABLE cases ADD COLUMN file_digest BLOB;
