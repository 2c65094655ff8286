SELECT count(*), coalesce(sum(size), 0) FROM blobs WHERE device = :device AND offered_ms > :since_ms;
