SELECT h.dev_seq, h.hash FROM chains AS c
JOIN heads AS h ON h.chain = c.id
WHERE c.device = :device AND c.incarnation = :incarnation AND c.scope = :scope
ORDER BY h.dev_seq DESC
LIMIT 1;
