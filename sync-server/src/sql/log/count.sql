SELECT count(*), coalesce(max(seq), 0) FROM log WHERE scope = :scope;
