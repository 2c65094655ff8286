SELECT epoch, sealed FROM unit_key_wraps WHERE scope = :scope AND device = :device ORDER BY epoch;
