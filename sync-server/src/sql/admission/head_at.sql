SELECT hash FROM heads
WHERE device = :device AND incarnation = :incarnation AND scope = :scope AND dev_seq = :dev_seq;
