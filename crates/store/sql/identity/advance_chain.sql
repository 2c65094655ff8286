INSERT INTO chains (incarnation, scope, dev_seq, head) VALUES (:incarnation, :scope, :dev_seq, :head)
ON CONFLICT (incarnation, scope) DO UPDATE SET dev_seq = excluded.dev_seq, head = excluded.head
WHERE excluded.dev_seq > dev_seq;
