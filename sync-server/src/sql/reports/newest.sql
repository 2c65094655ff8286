SELECT coalesce(max(taken_ms), 0) FROM reports WHERE :scope IS NULL OR scope = :scope;
