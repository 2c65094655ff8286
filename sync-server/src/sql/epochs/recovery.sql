SELECT lost_epoch, since_ms, from_seq, proven_seq, proven_orders, explained, station_ms, released_ms,
       (SELECT coalesce(sum(changes), 0) FROM returns AS r WHERE r.scope = recoveries.scope)
FROM recoveries WHERE scope = :scope;
