SELECT epoch FROM heads
WHERE device = :device AND incarnation = :incarnation AND scope = :scope
ORDER BY dev_seq DESC
LIMIT 1;
