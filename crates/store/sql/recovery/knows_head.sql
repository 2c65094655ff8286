SELECT 1 FROM changes WHERE origin = 'local' AND chain_head = :head
UNION ALL
SELECT 1 FROM chains WHERE head = :head;
