UPDATE recoveries SET station_ms = coalesce(station_ms, :now_ms) WHERE scope = :scope;
