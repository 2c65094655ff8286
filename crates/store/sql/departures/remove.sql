-- Own changes stay as empty lines: they count in her statistics, and the journal knows that they arrived. What was made
-- anew lives on in the change that took its place.
UPDATE changes
SET body = NULL, head = NULL, signature = NULL, header = NULL, deps = x'', record_text = '', in_body = 1
WHERE document = :document AND origin = 'local' AND (state = 'durable' OR replaced_by IS NOT NULL);
DELETE FROM changes WHERE document = :document AND origin <> 'local';
DELETE FROM documents WHERE document = :document;
DELETE FROM read_marks WHERE document = :document;
DELETE FROM quarantine WHERE document = :document;
DELETE FROM drafts WHERE household = :document AND discarded_ms IS NOT NULL;
