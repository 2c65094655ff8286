SELECT epoch, recovery FROM unit_keys WHERE scope = :scope ORDER BY epoch;
