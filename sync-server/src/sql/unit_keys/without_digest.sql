SELECT scope, epoch, recovery FROM unit_keys WHERE digest IS NULL;
