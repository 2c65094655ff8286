SELECT statement, certificate FROM unit_keys WHERE scope = :scope ORDER BY epoch;
