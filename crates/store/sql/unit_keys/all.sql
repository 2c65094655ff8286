SELECT epoch, public, statement, certificate, secret FROM unit_keys WHERE scope = :scope ORDER BY epoch;
