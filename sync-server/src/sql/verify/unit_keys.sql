SELECT scope, epoch, statement, certificate, recovery, digest FROM unit_keys ORDER BY scope, epoch;
