SELECT coalesce(max(epoch), 0) FROM unit_keys WHERE scope = :scope;
