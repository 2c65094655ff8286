SELECT h.hash FROM chains AS c
JOIN heads AS h ON h.chain = c.id
WHERE c.device = :device AND c.incarnation = :incarnation AND c.scope = :scope AND h.dev_seq = :dev_seq;
