UPDATE changes SET body = :body, head = :head, signature = :signature, header = :header, deps = :deps, in_body = 0
WHERE hash = :hash AND origin = 'local' AND body IS NULL;
