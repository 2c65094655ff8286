SELECT scope, epoch, device, sealed FROM unit_key_wraps WHERE digest IS NULL;
